// Boards are shared among owners by the board-seconds they used: who used least is served first. Pure.
//
// Source: start-time fair queueing (Goyal, Vin and Cheng, 1996). An owner who comes back with new work starts where the
// least served of those who wait stands, so that nobody saves up the time he was away, and nobody starves the others
// with it.
#ifndef CONTROLLER_SCHEDULER_FAIR_SHARE_H_
#define CONTROLLER_SCHEDULER_FAIR_SHARE_H_

#include <compare>
#include <cstdint>
#include <map>
#include <string>

#include "absl/time/time.h"

namespace crosscall::scheduler {

// What an owner has had of the boards; the smaller one is served first.
struct Share {
  // Board-seconds, those of trials that still run included.
  absl::Duration used;
  // Boards that work for him now: decides between owners who begin at one instant.
  std::int64_t boards = 0;
  auto operator<=>(const Share& other) const {
    if (used != other.used) return used < other.used ? std::strong_ordering::less : std::strong_ordering::greater;
    return boards <=> other.boards;
  }
  bool operator==(const Share&) const = default;
};

// Not thread-safe. Instants are on a monotonic clock. Knows every owner since it was made: owners are few.
class FairShare {
 public:
  // The owner has one more, or one less, open sweep.
  void Enter(const std::string& owner, absl::Duration now);
  void Leave(const std::string& owner);
  // A board begins, or ends, to work for him.
  void Begin(const std::string& owner, absl::Duration now);
  void End(const std::string& owner, absl::Duration now);

  Share Of(const std::string& owner, absl::Duration now) const;

 private:
  struct Account {
    std::int64_t open_sweeps = 0;
    std::int64_t boards = 0;
    // Of trials that ended, less the beginnings of those that run: with `boards` times now it is what was used.
    absl::Duration balance;
  };

  static absl::Duration Used(const Account& account, absl::Duration now) {
    return account.balance + account.boards * now;
  }

  std::map<std::string, Account> accounts_;
};

}  // namespace crosscall::scheduler

#endif  // CONTROLLER_SCHEDULER_FAIR_SHARE_H_
