// One run of a power command: spawned without a shell in a process group of its own, heard, and ended in bounded time.
//
// It gets /dev/null as its input, no descriptor of this process and no blocked signal. What it leaves running in the
// background when it exits is its own affair; at the time limit the whole group is killed.
#ifndef CONTROLLER_POWER_CHILD_H_
#define CONTROLLER_POWER_CHILD_H_

#include "controller/power/command.h"

namespace crosscall::power {

// Blocks until the command has ended, at the latest `time_limit` from now, or until `stop_fd` is readable: then it is
// killed. Every failure is a report. Thread-safe.
Report RunToEnd(const Command& command, int stop_fd);

}  // namespace crosscall::power

#endif  // CONTROLLER_POWER_CHILD_H_
