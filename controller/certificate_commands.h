// The subcommands of crosscall-controller that make the lab's certificates.
#ifndef CONTROLLER_CERTIFICATE_COMMANDS_H_
#define CONTROLLER_CERTIFICATE_COMMANDS_H_

#include <string>

#include "CLI/CLI.hpp"
#include "controller/console_command.h"

namespace crosscall {

// Adds `init`, `issue` and `server-certificate`. Those parsed set `command`; all three outlive `app`. For the codes see
// controller/access/console.h.
void AddCertificateCommands(CLI::App& app, const std::string& state_dir, ConsoleCommand& command);

}  // namespace crosscall

#endif  // CONTROLLER_CERTIFICATE_COMMANDS_H_
