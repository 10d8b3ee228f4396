// A SCENARIO of the command line: a file or the name of a built-in one.
#ifndef AGENT_TOOL_SCENARIO_WORD_H_
#define AGENT_TOOL_SCENARIO_WORD_H_

#include <string>

#include "absl/status/statusor.h"
#include "agent/scenario/parse.h"
#include "crosscall/v1/scenario.pb.h"

namespace crosscall::tool {

struct LoadedScenario {
  v1::Scenario scenario;
  std::string text;
  std::string source;  // the file, as it was named; empty: built-in
};

// A word with a slash or the ending of a YAML file is a file; any other is looked up in the catalogue first. NOT_FOUND
// or INVALID_ARGUMENT (and what reading a file can fail with), in words that say what is allowed.
absl::StatusOr<LoadedScenario> LoadScenario(const std::string& word, const scenario::Overrides& overrides);

}  // namespace crosscall::tool

#endif  // AGENT_TOOL_SCENARIO_WORD_H_
