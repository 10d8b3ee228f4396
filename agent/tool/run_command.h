// `crosscall run`: each scenario with each implementation, in a worker process of its own.
#ifndef AGENT_TOOL_RUN_COMMAND_H_
#define AGENT_TOOL_RUN_COMMAND_H_

#include <iosfwd>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/supervisor/trial_process.h"
#include "agent/tool/options.h"
#include "crosscall/v1/result.pb.h"
#include "crosscall/v1/trial.pb.h"

namespace crosscall::tool {

// Scenario by scenario, each with every implementation wanted. Everything is checked here, so that a typing error in
// the last of many scenarios does not cost the run of the others: NOT_FOUND or INVALID_ARGUMENT (unknown scenario or
// implementation, unreadable file, text with position, limits), in words that say what is allowed.
absl::StatusOr<std::vector<v1::TrialSpec>> ExpandRun(const RunRequest& request);

// The exit code for an outcome, and the graver of two codes.
int ExitCodeOf(v1::Outcome outcome);
int Graver(int a, int b);

struct RunIo {
  std::ostream& out;
  std::ostream& err;
  bool progress = false;  // a line on `err` that is written over; for terminals
};

// Runs all trials one after the other and prints each as it ends: a table row and, at the end, the hang reports; or a
// JSON line. Returns an ExitCode; kExitInterrupted if `cancellation` was asked for, nothing more is started then.
int RunTrials(const RunRequest& request, const std::string& worker_path, const supervisor::Cancellation& cancellation,
              const RunIo& io);

}  // namespace crosscall::tool

#endif  // AGENT_TOOL_RUN_COMMAND_H_
