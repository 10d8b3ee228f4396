// Scenarios of the user's own: text that travels with the sweep.
#ifndef CONTROLLER_CLI_SCENARIO_SOURCE_H_
#define CONTROLLER_CLI_SCENARIO_SOURCE_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "crosscall/v1/sweep.pb.h"

namespace crosscall::cli {

// Reads a whole file; the seam to the file system. Statuses name the path.
using FileReader = std::function<absl::StatusOr<std::string>(const std::string& path)>;

// Files of at most 1 MiB from the file system. INVALID_ARGUMENT for what a user can mend: no such file, not readable,
// too large.
absl::StatusOr<std::string> ReadUserFile(const std::string& path);

// The axis value for a scenario text: its id from the `scenario` key, its number of CPUs from `cpus` if given as a
// number. Everything else is checked where it is compiled, on the board. INVALID_ARGUMENT: not YAML (with
// `source`:line:column), no `scenario` key, more than 64 KiB. Pure, thread-safe.
absl::StatusOr<v1::ScenarioRef> ScenarioFromText(absl::string_view text, absl::string_view source);

}  // namespace crosscall::cli

#endif  // CONTROLLER_CLI_SCENARIO_SOURCE_H_
