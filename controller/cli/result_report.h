// Fetching the results of a sweep and showing them: what `results` and `sweep run --wait` share.
//
// Not thread-safe, as the client and the streams of the context are not.
#ifndef CONTROLLER_CLI_RESULT_REPORT_H_
#define CONTROLLER_CLI_RESULT_REPORT_H_

#include <string>

#include "absl/status/status.h"
#include "controller/cli/command.h"

namespace crosscall::cli {

// What is drawn below the table: between CPUs, one for each scenario and implementation; with kAll also latency by
// percentile, one for each scenario, board and setting.
enum class Pictures { kNone, kHeatmap, kAll };

// Prints the result table of the sweep `name` (`sweeps/{sweep}`) in the context's format, and pictures, which are for
// people only. Codes: the controller's, and DATA_LOSS.
absl::Status ReportResults(CommandContext& context, const std::string& name, Pictures pictures);

// Prints every result of the sweep whole, histograms and circumstances too: one JSON object an attempt, a line each.
// INVALID_ARGUMENT with CSV; else the controller's codes.
absl::Status DumpResults(CommandContext& context, const std::string& name);

}  // namespace crosscall::cli

#endif  // CONTROLLER_CLI_RESULT_REPORT_H_
