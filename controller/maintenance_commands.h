// The subcommands of crosscall-controller for its store: what is done with a state folder beside a running controller.
#ifndef CONTROLLER_MAINTENANCE_COMMANDS_H_
#define CONTROLLER_MAINTENANCE_COMMANDS_H_

#include <string>

#include "CLI/CLI.hpp"
#include "controller/console_command.h"

namespace crosscall {

// Adds `check`, `backup` and `restore`. Those parsed set `command`; all three outlive `app`. DATA_LOSS: the store, or
// the backup, is damaged, the text names the problems; for other codes see controller/store/maintenance.h.
void AddMaintenanceCommands(CLI::App& app, const std::string& state_dir, ConsoleCommand& command);

}  // namespace crosscall

#endif  // CONTROLLER_MAINTENANCE_COMMANDS_H_
