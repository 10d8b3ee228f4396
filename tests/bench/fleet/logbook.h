// What the boards of a simulated fleet saw, with the instants; the bench waits for it and reads its figures off it.
//
// Thread-safe: the fleet's thread writes, others wait. Instants are on the monotonic clock.
#ifndef TESTS_BENCH_FLEET_LOGBOOK_H_
#define TESTS_BENCH_FLEET_LOGBOOK_H_

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "proto/shared/mutex.h"
#include "proto/shared/resource_name.h"

namespace crosscall::fleet {

// Of one board in one sweep.
struct BoardTime {
  absl::Duration first_lease = absl::InfiniteDuration();
  absl::Duration last_end;
  // Spent in trials.
  absl::Duration busy;
};

// Of one sweep.
struct SweepTime {
  absl::Duration first_lease = absl::InfiniteDuration();
  absl::Duration last_delivery;
  std::uint64_t delivered_count = 0;
  std::map<std::string, BoardTime> boards;
};

class Logbook {
 public:
  // `on_lease` is called for each lease, on the fleet's thread.
  explicit Logbook(std::function<void()> on_lease) : on_lease_(std::move(on_lease)) {}

  // The controller answered a Synchronize of the board.
  void OnContact(const std::string& board);
  // It was refused: no room. `delay`: what it was told to wait.
  void OnRefusal(const std::string& board, absl::Duration delay);
  void OnLease(const std::string& board, const shared::AttemptKey& key, absl::Duration now);
  void OnTrial(const std::string& board, const shared::AttemptKey& key, absl::Duration begin, absl::Duration end);
  // The controller has the result, durably.
  void OnDelivery(const shared::AttemptKey& key, absl::Duration now);
  // The board is not what the simulator takes it for: fenced, or its result was refused. Ends every wait.
  void OnTrouble(const std::string& what);

  // DEADLINE_EXCEEDED or, after trouble, INTERNAL.
  absl::Status AwaitContacts(std::size_t boards, absl::Duration patience);
  // Until that many boards were refused at least `each` times.
  absl::Status AwaitRefusals(std::size_t boards, std::uint64_t each, absl::Duration patience);
  absl::StatusOr<SweepTime> AwaitLease(const std::string& sweep, absl::Duration patience);
  absl::StatusOr<SweepTime> AwaitDeliveries(const std::string& sweep, std::uint64_t count, absl::Duration patience);

  // From now on only new contacts count.
  void ForgetContacts();
  // Of a sweep whose figures were read.
  void Forget(const std::string& sweep);
  std::uint64_t delivered_count() const;

 private:
  static std::string SweepOf(const shared::AttemptKey& key);
  absl::Status Await(const std::function<bool()>& condition, const std::string& what, absl::Duration patience)
      CROSSCALL_REQUIRES(mutex_);

  const std::function<void()> on_lease_;
  mutable shared::Mutex mutex_;
  shared::CondVar changed_;
  std::map<std::string, std::uint64_t> refusals_ CROSSCALL_GUARDED_BY(mutex_);
  std::set<std::string> contacts_ CROSSCALL_GUARDED_BY(mutex_);
  std::map<std::string, SweepTime> sweeps_ CROSSCALL_GUARDED_BY(mutex_);
  std::uint64_t delivered_count_ CROSSCALL_GUARDED_BY(mutex_) = 0;
  std::string trouble_ CROSSCALL_GUARDED_BY(mutex_);
};

}  // namespace crosscall::fleet

#endif  // TESTS_BENCH_FLEET_LOGBOOK_H_
