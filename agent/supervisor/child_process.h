// A child process in a group of its own that dies with its parent, and its end: reaped by pid, in bounded time.
//
// Invariant: while a ChildProcess has not been reaped its pid cannot be re-used, so signals reach it or nobody.
// Thread safety: none. The kernel ends the child when the *thread* that spawned it ends: spawn on the thread that
// stays with it.
#ifndef AGENT_SUPERVISOR_CHILD_PROCESS_H_
#define AGENT_SUPERVISOR_CHILD_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace crosscall::supervisor {

struct ChildOptions {
  std::string path;
  std::vector<std::string> arguments;  // without the program's own name
  struct Inherited {
    int from = -1;  // of this process
    int to = -1;    // in the child
  };
  std::vector<Inherited> descriptors;    // all others are closed in the child, if they are close-on-exec
  std::uint64_t memory_limit_bytes = 0;  // of the address space; 0: none
  std::vector<std::uint32_t> cpus;       // on which it may run; empty: as this process
};

class ChildProcess {
 public:
  // Codes: NOT_FOUND, PERMISSION_DENIED, RESOURCE_EXHAUSTED, INVALID_ARGUMENT: what exec or fork said, with the path.
  static absl::StatusOr<ChildProcess> Spawn(const ChildOptions& options);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  // Kills and reaps what was not reaped.
  ~ChildProcess();

  pid_t pid() const { return pid_; }
  // The status of waitpid(2), once the child has ended.
  std::optional<int> TryReap();
  // Waits for its end, at most `patience`.
  std::optional<int> ReapWithin(absl::Duration patience);
  // Takes its threads off SCHED_FIFO (a dying spinner can starve the machine), sends SIGKILL to the group and reaps.
  // Nullopt if the kernel did not let it die within `patience`.
  std::optional<int> KillAndReap(absl::Duration patience);

 private:
  explicit ChildProcess(pid_t pid) : pid_(pid) {}

  pid_t pid_;
  std::optional<int> status_;
};

// "exited with status 3", "killed by SIGSEGV".
std::string DescribeExit(int wait_status);

}  // namespace crosscall::supervisor

#endif  // AGENT_SUPERVISOR_CHILD_PROCESS_H_
