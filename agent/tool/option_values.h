// Values that several options of the command line share the form of. Pure; INVALID_ARGUMENT shows what was found and
// what is allowed.
#ifndef AGENT_TOOL_OPTION_VALUES_H_
#define AGENT_TOOL_OPTION_VALUES_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace crosscall::tool {

// "500ms", "5s", "2m": more than nothing, a day at most. `option` is only printed.
absl::StatusOr<absl::Duration> ParseSpan(absl::string_view option, absl::string_view text);

// "n=3".
absl::StatusOr<std::pair<std::string, std::int64_t>> ParseParameter(absl::string_view text);

}  // namespace crosscall::tool

#endif  // AGENT_TOOL_OPTION_VALUES_H_
