// A verdict as one JSON object: design/scenario-language.md has the form. Pure.
#ifndef AGENT_TOOL_EXPLORE_JSON_H_
#define AGENT_TOOL_EXPLORE_JSON_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "agent/explore/explore.h"
#include "agent/scenario/parse.h"
#include "agent/tool/explore_pairs.h"

namespace crosscall::tool {

// Without the newline. `check`: also what is expected (null: nothing).
std::string ExplorationLine(const LoadedScenario& scenario, const std::string& implementation,
                            const explore::Exploration& exploration, bool check);

// Such a line read back, as far as it takes to go through its trace again.
struct RecordedTrace {
  std::string scenario;
  std::string source;  // empty: built-in
  scenario::Overrides parameters;
  std::string implementation;
  explore::MemoryModel memory = explore::MemoryModel::kWeak;
  std::string verdict;
  std::string reason;
  explore::Schedule schedule;
  explore::Trace trace;
};

// INVALID_ARGUMENT names the key that is missing or wrong; so does an object without a schedule, since it has no trace.
absl::StatusOr<RecordedTrace> ReadExploration(absl::string_view json);

}  // namespace crosscall::tool

#endif  // AGENT_TOOL_EXPLORE_JSON_H_
