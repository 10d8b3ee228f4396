// The whole of `crosscall`, with its streams and its signal handling as arguments.
#ifndef AGENT_TOOL_TOOL_H_
#define AGENT_TOOL_TOOL_H_

#include <string>
#include <vector>

#include "agent/supervisor/trial_process.h"
#include "agent/tool/run_command.h"

namespace crosscall::tool {

// `arguments` without the program's name; `worker_path` is the worker to use unless the command line names one. Returns
// an ExitCode.
int RunTool(const std::vector<std::string>& arguments, const std::string& worker_path,
            const supervisor::Cancellation& cancellation, const RunIo& io);

}  // namespace crosscall::tool

#endif  // AGENT_TOOL_TOOL_H_
