// Is a schedule overdue? Rule S6 of the fleet reference: said by time alone, whether or not anything arrives. Pure.
#ifndef CONTROLLER_SCHEDULER_OVERDUE_H_
#define CONTROLLER_SCHEDULER_OVERDUE_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/optional.h"

namespace crosscall::scheduler {

// What a schedule owes.
struct Owed {
  struct Run {
    std::string sweep;
    absl::Time window_end;
  };
  // The next nominal time that has no firing; InfiniteFuture while it is paused.
  absl::Time next = absl::InfiniteFuture();
  // Sweeps of it that have not ended.
  std::vector<Run> open;
};

// Why it is overdue, as a sentence about the oldest thing that is late; nothing if it is not. `grace` is what the last
// leases may take to end after the window, and the controller to decide.
absl::optional<std::string> WhyOverdue(const Owed& owed, absl::Duration grace, absl::Time now);

}  // namespace crosscall::scheduler

#endif  // CONTROLLER_SCHEDULER_OVERDUE_H_
