// crosscall-worker: the process that runs one trial. Started by crosscall-agent and crosscall.
#include <unistd.h>

#include <iostream>

#include "absl/strings/string_view.h"
#include "agent/worker/frames.h"
#include "agent/worker/worker.h"

int main(int argc, char** argv) {
  using namespace crosscall::worker;
  if (argc == 1) return RunWorker(kFrameFd, kRegionFd);
  if (argc == 2 && absl::string_view(argv[1]) == "--describe") return DescribeWorker(STDOUT_FILENO);
  std::cerr << "usage: crosscall-worker [--describe]\n"
               "Runs the trial that file descriptor "
            << kFrameFd << " brings, with file descriptor " << kRegionFd
            << " as its flight region; started by crosscall-agent and crosscall.\n"
               "--describe writes what this worker offers, as one frame, to standard output.\n"
               "exit: 0 done, 2 bad use, 3 not a RunTrial frame, 4 the agent is gone\n";
  return kExitBadUse;
}
