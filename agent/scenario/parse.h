// From the text of a scenario (YAML) to its protobuf form. design/scenario-language.md is the specification.
//
// Errors are INVALID_ARGUMENT and read "file:line:column: found X; allowed Y". Everything is checked here, semantic
// rules too (validate.h), so a parsed scenario always compiles. No exception leaves these functions.
// Thread safety: pure functions.
//
// Parameters: `$name` stands for a number wherever a number may stand: CPUs, counts, and spans, where it counts
// nanoseconds. An override replaces the default of a declared parameter.
#ifndef AGENT_SCENARIO_PARSE_H_
#define AGENT_SCENARIO_PARSE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "crosscall/v1/scenario.pb.h"

namespace crosscall::scenario {

inline constexpr std::size_t kMaxTextBytes = 64 * 1024;

using Overrides = std::map<std::string, std::int64_t>;

// `file_name` is only printed. An override of a parameter that the scenario does not declare is an error.
absl::StatusOr<v1::Scenario> ParseScenario(absl::string_view text, absl::string_view file_name,
                                           const Overrides& overrides = {});

}  // namespace crosscall::scenario

#endif  // AGENT_SCENARIO_PARSE_H_
