// crosscall: the stand-alone tool for one machine.
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <string>
#include <system_error>
#include <vector>

#include "agent/supervisor/trial_process.h"
#include "agent/tool/tool.h"

namespace {

crosscall::supervisor::Cancellation cancellation;

void Interrupt(int) { cancellation.Cancel(); }

// The worker is installed beside this program.
std::string WorkerPath() {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? "crosscall-worker" : (self.parent_path() / "crosscall-worker").string();
}

}  // namespace

int main(int argc, char** argv) {
  struct sigaction action {};
  action.sa_handler = &Interrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return crosscall::tool::RunTool(arguments, WorkerPath(), cancellation,
                                  {std::cout, std::cerr, isatty(STDERR_FILENO) != 0});
}
