// What a subcommand of crosscall-controller does in place of serving.
#ifndef CONTROLLER_CONSOLE_COMMAND_H_
#define CONTROLLER_CONSOLE_COMMAND_H_

#include <functional>

#include "absl/status/status.h"

namespace crosscall {

// Says on stdout what it did. Empty: no subcommand was given.
using ConsoleCommand = std::function<absl::Status()>;

}  // namespace crosscall

#endif  // CONTROLLER_CONSOLE_COMMAND_H_
