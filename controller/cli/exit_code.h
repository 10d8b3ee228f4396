// Exit codes of crosscallctl: the one list. --help prints it, scripts and tests rely on it.
//
// Pure, thread-safe.
#ifndef CONTROLLER_CLI_EXIT_CODE_H_
#define CONTROLLER_CLI_EXIT_CODE_H_

#include <string>

#include "absl/status/status.h"

namespace crosscall::cli {

enum class ExitCode : int {
  kOk = 0,
  // With --wait: the sweep ended, but something in it hung, crashed, failed or was cancelled.
  kFindings = 1,
  kBadInput = 2,
  kRefused = 3,
  kUnreachable = 4,
  kInternal = 5,
  // What shells report for a program ended by SIGINT.
  kInterrupted = 130,
};

// INVALID_ARGUMENT and OUT_OF_RANGE are bad input; what the controller says no to is refused; UNAVAILABLE and
// DEADLINE_EXCEEDED are unreachable; CANCELLED is interrupted; the rest is internal.
ExitCode ExitCodeOf(const absl::Status& status);

// The table for --help, one line a code.
std::string ExitCodeHelp();

}  // namespace crosscall::cli

#endif  // CONTROLLER_CLI_EXIT_CODE_H_
