// Shell completion, generated from the commands as they are declared: there is no second list to keep.
//
// Pure, thread-safe as reading a CLI::App is.
#ifndef CONTROLLER_CLI_COMPLETION_H_
#define CONTROLLER_CLI_COMPLETION_H_

#include <CLI/CLI.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace crosscall::cli {

// The script for `shell`: bash, zsh or fish. INVALID_ARGUMENT names the shells. Words that are no command or option are
// completed as file names.
absl::StatusOr<std::string> CompletionScript(const CLI::App& root, absl::string_view shell);

}  // namespace crosscall::cli

#endif  // CONTROLLER_CLI_COMPLETION_H_
