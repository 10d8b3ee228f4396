#include "controller/power/command.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace crosscall::power {

absl::Status Check(const std::vector<std::string>& argv) {
  if (argv.empty() || argv.front().empty()) {
    return absl::InvalidArgumentError("power command: none was given; wanted /PATH/OF/EXECUTABLE and its arguments");
  }
  const std::string& path = argv.front();
  if (!absl::StartsWith(path, "/")) {
    return absl::InvalidArgumentError(absl::StrCat(
        "power command: \"", path, "\" is no absolute path, and the controller looks nowhere else for commands"));
  }
  struct stat file {};
  if (stat(path.c_str(), &file) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("power command: ", path, ": ", std::strerror(errno), " on the controller's machine"));
  }
  if (!S_ISREG(file.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat("power command: ", path, " is no file that can be executed"));
  }
  if (access(path.c_str(), X_OK) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("power command: ", path, " cannot be executed by the controller: ", std::strerror(errno)));
  }
  return absl::OkStatus();
}

}  // namespace crosscall::power
