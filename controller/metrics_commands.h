// `crosscall-controller metrics`: what is exported, and how much of it, without a controller that serves.
#ifndef CONTROLLER_METRICS_COMMANDS_H_
#define CONTROLLER_METRICS_COMMANDS_H_

#include <cstddef>

#include "CLI/CLI.hpp"
#include "controller/console_command.h"

namespace crosscall {

// Name of the command, the only one that needs no --state-dir.
inline constexpr char kMetricsCommand[] = "metrics";

// Adds the command; when it was given, `command` is set. `series_limit` is a flag of the application, and outlives it.
void AddMetricsCommand(CLI::App& app, const std::size_t& series_limit, ConsoleCommand& command);

}  // namespace crosscall

#endif  // CONTROLLER_METRICS_COMMANDS_H_
