#include "agent/supervisor/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "agent/supervisor/file_descriptor.h"
#include "agent/supervisor/watch_priority.h"
#include "proto/shared/durable_file.h"
#include "proto/shared/log.h"

namespace crosscall::supervisor {
namespace {

// Above every number that a child expects a descriptor at, so that duplicating one never overwrites another.
constexpr int kFirstSafeFd = 64;
constexpr absl::Duration kReapPoll = absl::Milliseconds(2);
constexpr absl::Duration kDestructorPatience = absl::Seconds(10);

// Everything the child needs between fork and exec, prepared before: in the copy of a process with threads only
// async-signal-safe calls are allowed.
struct Launch {
  std::vector<char*> argv;
  std::vector<ChildOptions::Inherited> descriptors;
  std::uint64_t memory_limit_bytes = 0;
  std::optional<cpu_set_t> cpus;
  pid_t parent = 0;
  int error_fd = -1;
};

[[noreturn]] void Fail(int error_fd) {
  const int error = errno;
  // Nothing can be done about a failed write: the parent then sees the exit status.
  [[maybe_unused]] const ssize_t written = write(error_fd, &error, sizeof(error));
  _exit(127);
}

// The kernel should rather end the worker than the agent when memory runs out.
void VolunteerForMemoryKiller() {
  const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  [[maybe_unused]] const ssize_t written = write(fd, "1000", 4);
  close(fd);
}

[[noreturn]] void BecomeChild(const Launch& launch) {
  if (setpgid(0, 0) != 0) Fail(launch.error_fd);
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) Fail(launch.error_fd);
  // The parent may have died before the line above.
  if (getppid() != launch.parent) _exit(127);
  const sched_param ordinary{};
  if (sched_setscheduler(0, SCHED_OTHER, &ordinary) != 0) Fail(launch.error_fd);
  if (launch.cpus && sched_setaffinity(0, sizeof(*launch.cpus), &*launch.cpus) != 0) Fail(launch.error_fd);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  if (launch.memory_limit_bytes != 0) {
    const rlimit memory{launch.memory_limit_bytes, launch.memory_limit_bytes};
    if (setrlimit(RLIMIT_AS, &memory) != 0) Fail(launch.error_fd);
  }
  VolunteerForMemoryKiller();
  for (const ChildOptions::Inherited& descriptor : launch.descriptors) {
    if (dup2(descriptor.from, descriptor.to) < 0) Fail(launch.error_fd);
  }
  execv(launch.argv[0], launch.argv.data());
  Fail(launch.error_fd);
}

std::optional<cpu_set_t> CpuSetOf(const std::vector<std::uint32_t>& cpus) {
  if (cpus.empty()) return std::nullopt;
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const std::uint32_t cpu : cpus) {
    if (cpu < CPU_SETSIZE) CPU_SET(cpu, &set);
  }
  return set;
}

absl::Status DuplicateHigh(int fd, FileDescriptor& out) {
  out.Reset(fcntl(fd, F_DUPFD_CLOEXEC, kFirstSafeFd));
  if (!out.valid()) return shared::ErrnoStatus(errno, absl::StrCat("duplicating descriptor ", fd, " for a child"));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ChildProcess> ChildProcess::Spawn(const ChildOptions& options) {
  Launch launch;
  std::vector<std::string> words = {options.path};
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  for (std::string& word : words) launch.argv.push_back(word.data());
  launch.argv.push_back(nullptr);
  launch.memory_limit_bytes = options.memory_limit_bytes;
  launch.cpus = CpuSetOf(options.cpus);
  launch.parent = getpid();
  std::vector<FileDescriptor> high(options.descriptors.size());
  for (std::size_t i = 0; i < high.size(); ++i) {
    if (absl::Status status = DuplicateHigh(options.descriptors[i].from, high[i]); !status.ok()) return status;
    launch.descriptors.push_back({high[i].get(), options.descriptors[i].to});
  }
  int pipe_fds[2];
  if (pipe2(pipe_fds, O_CLOEXEC) != 0) return shared::ErrnoStatus(errno, "pipe for a child");
  FileDescriptor error_reader(pipe_fds[0]);
  FileDescriptor error_writer(pipe_fds[1]);
  FileDescriptor high_error_writer;
  if (absl::Status status = DuplicateHigh(error_writer.get(), high_error_writer); !status.ok()) return status;
  launch.error_fd = high_error_writer.get();

  const pid_t pid = fork();
  if (pid < 0) return shared::ErrnoStatus(errno, absl::StrCat("fork for ", options.path));
  if (pid == 0) BecomeChild(launch);
  error_writer.Reset();
  high_error_writer.Reset();
  ChildProcess child(pid);
  int error = 0;
  ssize_t got = 0;
  do {
    got = read(error_reader.get(), &error, sizeof(error));
  } while (got < 0 && errno == EINTR);
  if (got == static_cast<ssize_t>(sizeof(error))) {
    child.ReapWithin(kDestructorPatience);
    return shared::ErrnoStatus(error, absl::StrCat("starting ", options.path));
  }
  return child;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), status_(other.status_) {}

ChildProcess::~ChildProcess() {
  if (pid_ > 0 && !status_) KillAndReap(kDestructorPatience);
}

std::optional<int> ChildProcess::TryReap() {
  if (status_ || pid_ <= 0) return status_;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
  return status_;
}

std::optional<int> ChildProcess::ReapWithin(absl::Duration patience) {
  const absl::Time end = absl::Now() + patience;
  while (!TryReap() && absl::Now() < end) {
    // Portable to kernels without pidfd; nothing signals the end of a child otherwise without a process-wide handler.
    poll(nullptr, 0, static_cast<int>(absl::ToInt64Milliseconds(kReapPoll)));
  }
  return status_;
}

std::optional<int> ChildProcess::KillAndReap(absl::Duration patience) {
  if (TryReap()) return status_;
  DemoteThreads(pid_);
  // Before the child's own setpgid its group does not exist: the process itself always does.
  kill(-pid_, SIGKILL);
  kill(pid_, SIGKILL);
  if (!ReapWithin(patience)) {
    shared::LogError("supervisor", absl::StrCat("process ", pid_, " does not die; the kernel holds it"));
  }
  return status_;
}

std::string DescribeExit(int wait_status) {
  if (WIFEXITED(wait_status)) return absl::StrCat("exited with status ", WEXITSTATUS(wait_status));
  if (!WIFSIGNALED(wait_status)) return absl::StrCat("ended with wait status ", wait_status);
  const char* name = sigabbrev_np(WTERMSIG(wait_status));
  if (name == nullptr) return absl::StrCat("killed by signal ", WTERMSIG(wait_status));
  return absl::StrCat("killed by SIG", name);
}

}  // namespace crosscall::supervisor
