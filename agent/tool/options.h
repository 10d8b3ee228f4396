// The command line of `crosscall`: words in, a checked request out.
#ifndef AGENT_TOOL_OPTIONS_H_
#define AGENT_TOOL_OPTIONS_H_

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "agent/tool/explore_options.h"
#include "crosscall/v1/trial.pb.h"

namespace crosscall::tool {

// What the process exits with; those of `explore` are in explore_tally.h. Of several trials the gravest outcome counts:
// crashed, hung, invalid, refused, completed.
enum ExitCode : int {
  kExitCompleted = 0,
  kExitHung = 1,
  kExitBadUse = 2,
  kExitRefused = 3,
  kExitInvalid = 4,
  kExitCrashed = 5,
  kExitInterrupted = 130,  // by SIGINT, as shells have it
};

enum class ListSubject { kAll, kScenarios, kAlgorithms, kImplementations, kProbes };

struct ListRequest {
  ListSubject subject = ListSubject::kAll;
  bool json = false;
};

struct RunRequest {
  std::vector<std::string> scenarios;        // files or names
  std::vector<std::string> implementations;  // ids or patterns; empty: all
  v1::TrialSpec trial;                       // everything but scenario and implementation
  std::string worker_path;                   // empty: beside this program
  bool json = false;
};

struct Request {
  std::optional<ListRequest> list;
  std::optional<ExploreRequest> explore;
  std::optional<RunRequest> run;
  // Set if the command line is done with: help was printed (0), or it was wrong (kExitBadUse) and the error told why.
  std::optional<int> exit_code;
};

// `arguments` without the program's name. Help goes to `out`, errors to `err`.
Request ParseCommandLine(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err);

// "0,2-3" as CPUs in that order. INVALID_ARGUMENT shows what was found and what is allowed.
absl::StatusOr<std::vector<std::uint32_t>> ParseCpuList(absl::string_view text);

}  // namespace crosscall::tool

#endif  // AGENT_TOOL_OPTIONS_H_
