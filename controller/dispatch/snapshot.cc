#include "controller/dispatch/snapshot.h"

#include <algorithm>
#include <numeric>

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

}  // namespace crosscall::dispatch
