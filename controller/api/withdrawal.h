// Takes back something that was asked of another thread, although the ticket to do it with may not be here yet.
#ifndef CONTROLLER_API_WITHDRAWAL_H_
#define CONTROLLER_API_WITHDRAWAL_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "proto/shared/mutex.h"

namespace crosscall::api {

// Thread-safe. `withdraw` runs at most once, without a lock held, on whichever thread comes second: the one that brings
// the ticket or the one that wants it back.
class Withdrawal {
 public:
  using Ticket = std::uint64_t;

  explicit Withdrawal(std::function<void(Ticket)> withdraw) : withdraw_(std::move(withdraw)) {}
  Withdrawal(const Withdrawal&) = delete;
  Withdrawal& operator=(const Withdrawal&) = delete;

  void Assign(Ticket ticket) CROSSCALL_EXCLUDES(mutex_) {
    {
      const shared::MutexLock lock(mutex_);
      ticket_ = ticket;
      if (!wanted_) return;
    }
    withdraw_(ticket);
  }

  void Withdraw() CROSSCALL_EXCLUDES(mutex_) {
    std::optional<Ticket> ticket;
    {
      const shared::MutexLock lock(mutex_);
      if (wanted_) return;
      wanted_ = true;
      ticket = ticket_;
    }
    if (ticket) withdraw_(*ticket);
  }

 private:
  const std::function<void(Ticket)> withdraw_;
  shared::Mutex mutex_;
  std::optional<Ticket> ticket_ CROSSCALL_GUARDED_BY(mutex_);
  bool wanted_ CROSSCALL_GUARDED_BY(mutex_) = false;
};

}  // namespace crosscall::api

#endif  // CONTROLLER_API_WITHDRAWAL_H_
