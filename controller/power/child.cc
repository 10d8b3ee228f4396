#include "controller/power/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/shared/clock.h"

extern char** environ;

namespace crosscall::power {
namespace {

// How long the kernel may take to end what was killed.
constexpr absl::Duration kDeathPatience = absl::Seconds(5);

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    Close();
    fd_ = std::exchange(other.fd_, -1);
    return *this;
  }
  ~Descriptor() { Close(); }

  int get() const { return fd_; }
  void Close() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
};

struct Pipe {
  Descriptor reader;
  Descriptor writer;

  bool Open() {
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0) return false;
    reader = Descriptor(fds[0]);
    writer = Descriptor(fds[1]);
    return fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0;
  }

  // Takes what is there now; closes the reader at the end of the stream.
  void Take(std::string& text) {
    char buffer[4096];
    while (reader.get() >= 0) {
      const ssize_t got = read(reader.get(), buffer, sizeof(buffer));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return;
      if (got <= 0) return reader.Close();
      text.append(buffer, static_cast<std::size_t>(got));
      if (text.size() > kOutputBytes) text.erase(0, text.size() - kOutputBytes);
    }
  }
};

// The attributes of the child: own group, every signal as in a fresh process.
class SpawnPlan {
 public:
  SpawnPlan(int out, int err) {
    posix_spawnattr_init(&attributes_);
    posix_spawn_file_actions_init(&actions_);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, err, STDERR_FILENO);
    // Libraries open descriptors that are not close-on-exec.
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  // 0 or the error number.
  int Spawn(const std::vector<std::string>& words, pid_t& pid) const {
    std::vector<std::string> copies = words;
    std::vector<char*> argv;
    for (std::string& word : copies) argv.push_back(word.data());
    argv.push_back(nullptr);
    return posix_spawn(&pid, argv[0], &actions_, &attributes_, argv.data(), environ);
  }

 private:
  posix_spawnattr_t attributes_;
  posix_spawn_file_actions_t actions_;
};

Report NotStarted(int error) {
  Report report;
  report.result = absl::StrCat("could not be started: ", std::strerror(error));
  return report;
}

std::string HowItEnded(int wait_status, int& exit_status) {
  if (WIFEXITED(wait_status)) {
    exit_status = WEXITSTATUS(wait_status);
    return absl::StrCat("exit status ", exit_status);
  }
  return absl::StrCat("ended by signal ", WTERMSIG(wait_status));
}

bool Readable(const pollfd& entry) { return entry.revents != 0; }

// The C library's own declaration of it is not one for C++ (glibc 2.36).
int OpenProcess(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

int Milliseconds(absl::Duration left) {
  return static_cast<int>(absl::ToInt64Milliseconds(std::max(left, absl::ZeroDuration()) + absl::Milliseconds(1)));
}

}  // namespace

Report RunToEnd(const Command& command, int stop_fd) {
  Pipe out;
  Pipe err;
  if (!out.Open() || !err.Open()) return NotStarted(errno);
  pid_t pid = -1;
  const SpawnPlan plan(out.writer.get(), err.writer.get());
  if (const int error = plan.Spawn(command.argv, pid); error != 0) return NotStarted(error);
  out.writer.Close();
  err.writer.Close();
  Report report;
  const Descriptor process(OpenProcess(pid));
  const shared::Clock& clock = shared::SystemClock();
  const absl::Duration end = clock.Monotonic() + command.time_limit;
  std::string killed =
      process.get() < 0 ? absl::StrCat("killed: its end cannot be waited for: ", std::strerror(errno)) : "";
  while (killed.empty()) {
    // Readers that were closed have -1, which poll leaves out.
    pollfd polled[] = {{.fd = process.get(), .events = POLLIN, .revents = 0},
                       {.fd = stop_fd, .events = POLLIN, .revents = 0},
                       {.fd = out.reader.get(), .events = POLLIN, .revents = 0},
                       {.fd = err.reader.get(), .events = POLLIN, .revents = 0}};
    poll(polled, std::size(polled), Milliseconds(end - clock.Monotonic()));
    out.Take(report.output);
    err.Take(report.errors);
    if (Readable(polled[0])) break;
    if (Readable(polled[1])) killed = "killed: the controller was stopped";
    if (clock.Monotonic() >= end) killed = absl::StrCat("killed after ", absl::FormatDuration(command.time_limit));
  }
  if (!killed.empty()) {
    // Not reaped yet: the number is that of its group and of nobody else.
    kill(-pid, SIGKILL);
    pollfd death = {.fd = process.get(), .events = POLLIN, .revents = 0};
    if (process.get() >= 0) poll(&death, 1, Milliseconds(kDeathPatience));
  }
  int status = 0;
  const bool reaped = waitpid(pid, &status, killed.empty() ? 0 : WNOHANG) == pid;
  if (killed.empty() && reaped) {
    report.result = HowItEnded(status, report.exit_status);
  } else {
    report.result = reaped ? killed : absl::StrCat(killed, ", and it does not die");
  }
  out.Take(report.output);
  err.Take(report.errors);
  return report;
}

}  // namespace crosscall::power
