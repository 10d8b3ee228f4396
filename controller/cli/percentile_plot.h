// Latency by percentile as a picture in text: rare calls to the right, slow ones above.
//
// Pure, thread-safe.
#ifndef CONTROLLER_CLI_PERCENTILE_PLOT_H_
#define CONTROLLER_CLI_PERCENTILE_PLOT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controller/cli/result_groups.h"
#include "crosscall/v1/histogram.pb.h"

namespace crosscall::cli {

struct PlotLine {
  std::string label;
  v1::Histogram latency;
};

// Both scales are logarithmic. A line is drawn with a letter of its own, `*` where several meet, and ends where fewer
// than one of its calls lies beyond; the key below names the letters. Plain ASCII, 79 columns. Lines without a call are
// left out, and so are those beyond the 26th, which is said. Empty without a line; DATA_LOSS for a damaged histogram.
absl::StatusOr<std::string> FormatPercentilePlot(absl::string_view title, const std::vector<PlotLine>& lines);

// A plot for each scenario, board and setting, in the order of the sweep.
absl::StatusOr<std::string> FormatPercentilePlots(const ResultGroups& groups);

}  // namespace crosscall::cli

#endif  // CONTROLLER_CLI_PERCENTILE_PLOT_H_
