// `crosscall explore`: verdicts of scenarios with implementations, found by search.
#ifndef AGENT_TOOL_EXPLORE_COMMAND_H_
#define AGENT_TOOL_EXPLORE_COMMAND_H_

#include "agent/supervisor/trial_process.h"
#include "agent/tool/explore_options.h"
#include "agent/tool/run_command.h"

namespace crosscall::tool {

// Prints each verdict in its turn, or the matrix when all are known. Returns an ExploreExit, kExitBadUse, or
// kExitInterrupted if `cancellation` was asked for; what was found until then is printed.
int RunExplore(const ExploreRequest& request, const supervisor::Cancellation& cancellation, const RunIo& io);

}  // namespace crosscall::tool

#endif  // AGENT_TOOL_EXPLORE_COMMAND_H_
