#include "agent/tool/tool.h"

#include "agent/tool/explore_command.h"
#include "agent/tool/list_command.h"
#include "agent/tool/options.h"
#include "agent/tool/replay_command.h"

namespace crosscall::tool {

int RunTool(const std::vector<std::string>& arguments, const std::string& worker_path,
            const supervisor::Cancellation& cancellation, const RunIo& io) {
  const Request request = ParseCommandLine(arguments, io.out, io.err);
  if (request.exit_code) return *request.exit_code;
  if (request.list) return RunList(*request.list, io.out, io.err);
  if (request.explore) {
    return request.explore->replay.empty() ? RunExplore(*request.explore, cancellation, io)
                                           : RunReplay(*request.explore, cancellation, io);
  }
  return RunTrials(*request.run, request.run->worker_path.empty() ? worker_path : request.run->worker_path,
                   cancellation, io);
}

}  // namespace crosscall::tool
