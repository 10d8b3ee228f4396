// The dispatcher's power port over the runner of power commands: neither knows the other.
#ifndef CONTROLLER_POWER_COMMANDS_H_
#define CONTROLLER_POWER_COMMANDS_H_

#include "controller/dispatch/power_port.h"
#include "controller/power/runner.h"

namespace crosscall {

// `runner` outlives the port.
dispatch::PowerPort PowerPortOver(power::Runner& runner);

}  // namespace crosscall

#endif  // CONTROLLER_POWER_COMMANDS_H_
