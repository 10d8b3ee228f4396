// `crosscall explore --replay`: goes through a recorded trace step by step, on today's code.
#ifndef AGENT_TOOL_REPLAY_COMMAND_H_
#define AGENT_TOOL_REPLAY_COMMAND_H_

#include "agent/supervisor/trial_process.h"
#include "agent/tool/explore_options.h"
#include "agent/tool/run_command.h"

namespace crosscall::tool {

// Prints the steps and who waits at the end. kExitAllWell if steps, end and verdict are as recorded, else
// kExitNotAllWell with what differs; kExitBadUse for a file, scenario or implementation that is none;
// kExitInterrupted if `cancellation` was asked for.
int RunReplay(const ExploreRequest& request, const supervisor::Cancellation& cancellation, const RunIo& io);

}  // namespace crosscall::tool

#endif  // AGENT_TOOL_REPLAY_COMMAND_H_
