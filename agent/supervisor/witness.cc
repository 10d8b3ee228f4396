#include "agent/supervisor/witness.h"

#include <linux/close_range.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <new>

#include "absl/time/clock.h"
#include "proto/shared/durable_file.h"

namespace crosscall::supervisor {

struct Witness::Count {
  std::atomic<std::uint32_t> steps{0};
};
static_assert(std::atomic<std::uint32_t>::is_always_lock_free, "two processes share it");

namespace {

// Only calls that are safe in the child of a fork.
[[noreturn]] void CountFor(pid_t agent, std::atomic<std::uint32_t>& steps) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NAME, "witness");
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, nullptr);
  // Whoever waits for the end of the agent's outputs, or for its lock, must not wait for the witness.
  syscall(SYS_close_range, 0U, ~0U, 0U);
  const timespec step = absl::ToTimespec(Witness::kStep);
  // The agent may have ended before prctl.
  while (getppid() == agent) {
    nanosleep(&step, nullptr);
    steps.fetch_add(1, std::memory_order_relaxed);
  }
  _exit(0);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Witness>> Witness::Start() {
  void* const memory = mmap(nullptr, sizeof(Count), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return shared::ErrnoStatus(errno, "mmap of the witness's count");
  Count* const count = new (memory) Count;
  const pid_t agent = getpid();
  const pid_t pid = fork();
  if (pid < 0) {
    const int error = errno;
    munmap(memory, sizeof(Count));
    return shared::ErrnoStatus(error, "fork of the witness");
  }
  if (pid == 0) CountFor(agent, count->steps);
  return std::unique_ptr<Witness>(new Witness(pid, count));
}

Witness::~Witness() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  munmap(count_, sizeof(Count));
}

std::optional<absl::Duration> Witness::Ran() const {
  siginfo_t end = {};
  // Its end is left for the destructor to take: until then nobody else gets its id.
  const int asked = waitid(P_PID, static_cast<id_t>(pid_), &end, WEXITED | WNOHANG | WNOWAIT);
  if (asked != 0 || end.si_pid != 0) return std::nullopt;
  return kStep * count_->steps.load(std::memory_order_relaxed);
}

}  // namespace crosscall::supervisor
