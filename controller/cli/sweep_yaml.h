// A sweep file (YAML for people) as a SweepSpec. The keys are listed in deploy/examples/latency.yaml.
#ifndef CONTROLLER_CLI_SWEEP_YAML_H_
#define CONTROLLER_CLI_SWEEP_YAML_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controller/cli/scenario_source.h"
#include "crosscall/v1/sweep.pb.h"

namespace crosscall::cli {

// `file` names the text in errors; scenario files are looked up relative to its folder, through `read_file`, the only
// effect. What does not depend on the boards is checked here, with file:line:column; the controller checks the rest.
// Codes: INVALID_ARGUMENT, and what `read_file` returns. Thread-safe if `read_file` is.
absl::StatusOr<v1::SweepSpec> ParseSweep(absl::string_view text, absl::string_view file, const FileReader& read_file);

}  // namespace crosscall::cli

#endif  // CONTROLLER_CLI_SWEEP_YAML_H_
