// A clock that a test moves.
#ifndef TESTS_CONTROLLER_CLI_FAKE_CLOCK_H_
#define TESTS_CONTROLLER_CLI_FAKE_CLOCK_H_

#include "proto/shared/clock.h"
#include "proto/shared/mutex.h"

namespace crosscall::cli {

// Thread-safe.
class FakeClock final : public shared::Clock {
 public:
  absl::Duration Monotonic() const override {
    shared::MutexLock lock(mutex_);
    return now_;
  }
  absl::Time Wall() const override { return absl::UnixEpoch() + Monotonic(); }
  void Advance(absl::Duration span) {
    shared::MutexLock lock(mutex_);
    now_ += span;
  }

 private:
  mutable shared::Mutex mutex_;
  absl::Duration now_ CROSSCALL_GUARDED_BY(mutex_) = absl::Seconds(100);
};

}  // namespace crosscall::cli

#endif  // TESTS_CONTROLLER_CLI_FAKE_CLOCK_H_
