// How many series a lab makes, before it does: a pure function of its size.
#ifndef CONTROLLER_METRICS_ESTIMATE_H_
#define CONTROLLER_METRICS_ESTIMATE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "controller/metrics/catalogue.h"

namespace crosscall::metrics {

// All of it: every tracked implementation runs every tracked pair on every board.
struct LabSize {
  std::uint64_t boards = 0;
  std::uint64_t models = 0;
  // Tracked ones.
  std::uint64_t implementations = 0;
  // Tracked pairs of scenario and target system.
  std::uint64_t pairs = 0;
};

// Series of one metric of /metrics/results at one level, at most: a moment that never was has none.
std::uint64_t SeriesOf(const Metric& metric, const LabSize& lab, Level level);

// Of the whole page, without the few about the exporter.
std::uint64_t SeriesOfResults(const LabSize& lab, Level level);

// A table for people: a line for each metric, a column for each level, the sum, and what Prometheus needs for it. A
// level that does not fit into `limit` is said to.
std::string EstimateText(const LabSize& lab, std::uint64_t limit);

}  // namespace crosscall::metrics

#endif  // CONTROLLER_METRICS_ESTIMATE_H_
