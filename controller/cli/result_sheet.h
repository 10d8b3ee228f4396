// Result groups as a sheet, and the lines below its table.
#ifndef CONTROLLER_CLI_RESULT_SHEET_H_
#define CONTROLLER_CLI_RESULT_SHEET_H_

#include <string>

#include "absl/status/statusor.h"
#include "controller/cli/result_groups.h"
#include "controller/cli/sheet.h"

namespace crosscall::cli {

// One row a point. People see the axes that vary (scenario and implementation always) and chosen units; scripts get
// every axis and integers in nanoseconds. A latency is left out where no trial completed. DATA_LOSS for a damaged
// histogram.
absl::StatusOr<Sheet> ResultSheet(const ResultGroups& groups);

// Circumstances and where to read on about hangs; empty if there is nothing to say. For people only.
std::string ResultFooter(const ResultGroups& groups);

}  // namespace crosscall::cli

#endif  // CONTROLLER_CLI_RESULT_SHEET_H_
