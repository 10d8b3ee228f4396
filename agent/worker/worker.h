// The worker: runs one trial for the agent that started it, and exits. It may hang, crash or be killed at any point;
// the agent sees that from outside.
//
//   agent -> worker   one RunTrial frame
//   worker -> agent   Ready when the timed part begins, then the result; a trial that cannot run has no Ready
//                     of an exploration: Searching when it begins and every second or so, then the result
//
// Not thread-safe: one worker a process.
#ifndef AGENT_WORKER_WORKER_H_
#define AGENT_WORKER_WORKER_H_

namespace crosscall::worker {

// What a worker's process exits with. Anything else, and death by a signal, is a crash.
enum ExitCode : int {
  kExitDone = 0,       // the result was delivered, whatever it says
  kExitBadUse = 2,     // wrong command line, or file descriptors 3 and 4 are not open
  kExitBadFrame = 3,   // what came is no RunTrial frame
  kExitAgentGone = 4,  // a frame could not be written
};

// Reads the trial from `frame_fd`, runs it with `region_fd` as the flight region, writes the answers. Returns an
// ExitCode; everything but kExitDone was told in a line on standard error.
int RunWorker(int frame_fd, int region_fd);

// Writes one Description frame to `output_fd`: version, target systems, implementations, built-in scenarios.
int DescribeWorker(int output_fd);

}  // namespace crosscall::worker

#endif  // AGENT_WORKER_WORKER_H_
