// Latency between CPUs as a picture in text: a row for each calling CPU, a column for each called one.
//
// Pure, thread-safe.
#ifndef CONTROLLER_CLI_HEATMAP_H_
#define CONTROLLER_CLI_HEATMAP_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controller/cli/result_groups.h"

namespace crosscall::cli {

// Shades go from the fastest to the slowest p50 on a logarithmic scale, over a factor of 2 at least; the legend says
// which shade is which span.
// Up to 12 CPUs each cell also shows the p50 itself. Pairs that were not measured are '.'. `color` adds ANSI
// backgrounds, for terminals only. DATA_LOSS for a damaged histogram; empty if there are no pairs.
absl::StatusOr<std::string> FormatHeatmap(absl::string_view title, const PairLatencies& pairs, bool color);

}  // namespace crosscall::cli

#endif  // CONTROLLER_CLI_HEATMAP_H_
