// A command that switches a board, and what one run of it came to. Plain data, and the check of a command.
#ifndef CONTROLLER_POWER_COMMAND_H_
#define CONTROLLER_POWER_COMMAND_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace crosscall::power {

// Of each stream the end is kept.
inline constexpr std::size_t kOutputBytes = 16 * 1024;

struct Command {
  // Absolute path of an executable, then its arguments: no shell sees them.
  std::vector<std::string> argv;
  // From the start to the end; what runs longer is killed with its process group.
  absl::Duration time_limit = absl::Seconds(30);
};

struct Report {
  // Exit status; -1 if it did not end by itself.
  int exit_status = -1;
  // What it came to, in words: "exit status 0", "killed after 30s", "could not be started: ...".
  std::string result;
  std::string output;
  std::string errors;
};

// Can it be run here and now? INVALID_ARGUMENT: no command, or no absolute path. FAILED_PRECONDITION: not there, no
// file, or not executable for this process; the text says which.
absl::Status Check(const std::vector<std::string>& argv);

}  // namespace crosscall::power

#endif  // CONTROLLER_POWER_COMMAND_H_
