// `sweep run`: from axes to a sweep, and with --wait to its results; and following a sweep that runs already.
#ifndef CONTROLLER_CLI_SWEEP_RUN_H_
#define CONTROLLER_CLI_SWEEP_RUN_H_

#include <string>

#include "absl/status/statusor.h"
#include "controller/cli/command.h"
#include "controller/cli/sweep_flags.h"

namespace crosscall::cli {

struct SweepRunOptions {
  std::string file;
  SweepFlags flags;
  std::string id;
  bool wait = false;
  bool heatmap = false;
  bool dry_run = false;
  bool cancel_on_interrupt = false;
};

// The sweep of a file (empty: none) changed by flags. INVALID_ARGUMENT: either, or nothing to run.
absl::StatusOr<v1::SweepSpec> SweepSpecOf(const std::string& file, const SweepFlags& flags,
                                          const FileReader& read_file);

// Makes a repeated request one request.
std::string RandomRequestId();

// Exit code: see exit_code.h; findings count only with --wait.
// A new sweep of what the sweep `name`, which has ended, left without a finding. Of the flags only limits apply.
absl::StatusOr<ExitCode> ResumeSweep(CommandContext& context, const std::string& name, const SweepRunOptions& options);
absl::StatusOr<ExitCode> RunSweep(CommandContext& context, const SweepRunOptions& options);

struct FollowOptions {
  bool cancel_on_interrupt = false;
  bool states_as_json = false;  // every state seen, one JSON object a line on standard output
};

// Shows progress until the sweep `name` has ended, and returns its last state. An interrupt says how to go on; status
// CANCELLED.
absl::StatusOr<v1::Sweep> Follow(CommandContext& context, const std::string& name, const FollowOptions& options);

// kFindings if something in the ended sweep hung, crashed, failed or was cancelled.
ExitCode Verdict(const v1::Sweep& sweep);

}  // namespace crosscall::cli

#endif  // CONTROLLER_CLI_SWEEP_RUN_H_
