#include "controller/dispatch/snapshot.h"

#include <algorithm>
#include <numeric>

#include "controller/scheduler/overdue.h"
#include "proto/shared/proto_time.h"

namespace crosscall::dispatch {

void DispatchLatency::Record(absl::Duration latency) {
  const double seconds = absl::ToDoubleSeconds(latency);
  const auto bound = std::lower_bound(kBoundsSeconds.begin(), kBoundsSeconds.end(), seconds);
  ++counts[static_cast<std::size_t>(bound - kBoundsSeconds.begin())];
  sum_seconds += seconds;
}

std::uint64_t DispatchLatency::count() const { return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}); }

std::shared_ptr<const BoardView> Snapshot::FindBoard(absl::string_view name) const {
  const auto found = std::lower_bound(boards.begin(), boards.end(), name,
                                      [](const std::shared_ptr<const BoardView>& view, absl::string_view wanted) {
                                        return view->board.name() < wanted;
                                      });
  return found != boards.end() && (*found)->board.name() == name ? *found : nullptr;
}

absl::optional<std::string> Snapshot::WhyOverdue(const ScheduleView& schedule, absl::Time now) const {
  scheduler::Owed owed;
  owed.next = schedule.next;
  for (const std::shared_ptr<const v1::Sweep>& sweep : open_sweeps) {
    if (sweep->schedule() != schedule.name) continue;
    owed.open.push_back({sweep->name(), shared::TimeOf(sweep->nominal_time()) + schedule.window});
  }
  return scheduler::WhyOverdue(owed, overdue_grace, now);
}

}  // namespace crosscall::dispatch
