// Simulated time: a clock that jumps from one planned action to the next.
//
// Actions of one instant run in the order in which they were planned, so that a run is the same each time. Not
// thread-safe: a simulation has one thread.
#ifndef TESTS_SIM_TIMELINE_H_
#define TESTS_SIM_TIMELINE_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "absl/time/time.h"
#include "proto/shared/clock.h"

namespace crosscall::sim {

class Timeline final : public shared::Clock {
 public:
  absl::Duration Monotonic() const override { return now_; }
  absl::Time Wall() const override { return absl::FromUnixSeconds(1'700'000'000) + now_; }
  absl::Duration now() const { return now_; }

  // An instant that has passed means now.
  void At(absl::Duration when, std::function<void()> action) {
    actions_.emplace(std::make_pair(std::max(when, now_), next_++), std::move(action));
  }
  void After(absl::Duration span, std::function<void()> action) { At(now_ + span, std::move(action)); }

  // Runs the next action that is not after `end`. False if there is none; it is `end` then.
  bool RunNext(absl::Duration end) {
    const auto first = actions_.begin();
    if (first == actions_.end() || first->first.first > end) {
      now_ = std::max(now_, end);
      return false;
    }
    now_ = first->first.first;
    const std::function<void()> action = std::move(first->second);
    actions_.erase(first);
    action();
    return true;
  }

 private:
  absl::Duration now_ = absl::Seconds(1000);
  std::uint64_t next_ = 0;
  std::map<std::pair<absl::Duration, std::uint64_t>, std::function<void()>> actions_;
};

}  // namespace crosscall::sim

#endif  // TESTS_SIM_TIMELINE_H_
