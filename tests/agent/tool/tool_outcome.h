// The stand-alone tool as a function: words in, what it printed and exited with out.
#ifndef TESTS_AGENT_TOOL_TOOL_OUTCOME_H_
#define TESTS_AGENT_TOOL_TOOL_OUTCOME_H_

#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "agent/tool/tool.h"

namespace crosscall::tool {

struct ToolOutcome {
  int exit_code = -1;
  std::string out;
  std::string err;

  std::vector<std::string> lines() const { return absl::StrSplit(out, '\n', absl::SkipEmpty()); }
};

// `progress`: as on a terminal. `cancelled`: as if SIGINT had come at once.
inline ToolOutcome RunToolFor(const std::vector<std::string>& arguments, const std::string& worker,
                              bool progress = false, bool cancelled = false) {
  std::ostringstream out;
  std::ostringstream err;
  supervisor::Cancellation cancellation;
  if (cancelled) cancellation.Cancel();
  ToolOutcome outcome;
  outcome.exit_code = RunTool(arguments, worker, cancellation, {out, err, progress});
  outcome.out = out.str();
  outcome.err = err.str();
  return outcome;
}

}  // namespace crosscall::tool

#endif  // TESTS_AGENT_TOOL_TOOL_OUTCOME_H_
