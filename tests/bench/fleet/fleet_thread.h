// The one thread on which all boards of a simulated fleet live: what arrives in the mailbox, and what is due.
#ifndef TESTS_BENCH_FLEET_FLEET_THREAD_H_
#define TESTS_BENCH_FLEET_FLEET_THREAD_H_

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "absl/time/time.h"
#include "agent/supervisor/mailbox.h"
#include "proto/shared/clock.h"

namespace crosscall::fleet {

// Not thread-safe but for the mailbox.
class FleetThread {
 public:
  absl::Duration Now() const { return shared::SystemClock().Monotonic(); }
  supervisor::Mailbox& mailbox() { return mailbox_; }
  // Runs `step` on this thread once `when` has come.
  void At(absl::Duration when, std::function<void()> step) { due_.emplace(when, std::move(step)); }

  // Runs what is due, then waits for one event.
  void RunOnce() {
    constexpr absl::Duration kLongestNap = absl::Seconds(1);
    while (!due_.empty() && due_.begin()->first <= Now()) {
      const std::function<void()> step = std::move(due_.begin()->second);
      due_.erase(due_.begin());
      step();
    }
    const absl::Duration next = due_.empty() ? absl::InfiniteDuration() : due_.begin()->first;
    mailbox_.RunOne(std::clamp(next - Now(), absl::ZeroDuration(), kLongestNap));
  }

 private:
  supervisor::Mailbox mailbox_;
  std::multimap<absl::Duration, std::function<void()>> due_;
};

}  // namespace crosscall::fleet

#endif  // TESTS_BENCH_FLEET_FLEET_THREAD_H_
