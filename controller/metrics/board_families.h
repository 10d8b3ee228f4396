// What Prometheus is told about boards: a pure function of the dispatcher's picture.
#ifndef CONTROLLER_METRICS_BOARD_FAMILIES_H_
#define CONTROLLER_METRICS_BOARD_FAMILIES_H_

#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "controller/dispatch/snapshot.h"
#include "prometheus/metric_family.h"

namespace crosscall::metrics {

struct BoardDetail {
  // Implementations with series of their own; hangs of others count as `other`, and their latencies stay in the store.
  // Empty: all that a board offers.
  std::set<std::string> tracked_implementations;
  // A board that was not seen for so long has no series.
  absl::Duration board_ttl = absl::Hours(24 * 14);
};

// Latencies come last: they are the first to go when the exporter's limit cuts. Every counter exists as 0 from the
// board's registration on, since a counter that appears with 1 shows no increase.
std::vector<prometheus::MetricFamily> BoardFamilies(const dispatch::Snapshot& snapshot, const BoardDetail& detail,
                                                    absl::Time now);

}  // namespace crosscall::metrics

#endif  // CONTROLLER_METRICS_BOARD_FAMILIES_H_
