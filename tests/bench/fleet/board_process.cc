#include "tests/bench/fleet/board_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/shared/clock.h"
#include "proto/shared/durable_file.h"
#include "tests/bench/fleet/fleet.h"

namespace crosscall::fleet {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr char kContact[] = "contact";
constexpr char kLease[] = "lease";

void Say(const char* line) {
  std::printf("%s\n", line);
  std::fflush(stdout);
}

}  // namespace

absl::StatusOr<std::unique_ptr<BoardProcess>> BoardProcess::Start(const std::string& controller,
                                                                  const std::string& board) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return shared::ErrnoStatus(errno, "pipe for a board");
  supervisor::FileDescriptor reader(ends[0]);
  const supervisor::FileDescriptor writer(ends[1]);
  supervisor::ChildOptions options;
  options.path = "/proc/self/exe";
  options.arguments = {"--be-board", board, "--controller", controller};
  options.descriptors = {{writer.get(), STDOUT_FILENO}};
  absl::StatusOr<supervisor::ChildProcess> child = supervisor::ChildProcess::Spawn(options);
  if (!child.ok()) return child.status();
  std::unique_ptr<BoardProcess> process(new BoardProcess(*std::move(child), std::move(reader)));
  if (absl::Status status = process->AwaitLine(kContact); !status.ok()) return status;
  return process;
}

absl::Status BoardProcess::AwaitTrial() { return AwaitLine(kLease); }

absl::Status BoardProcess::AwaitLine(const std::string& line) {
  const absl::Duration until = shared::SystemClock().Monotonic() + kPatience;
  for (;;) {
    const std::size_t end = unread_.find('\n');
    if (end != std::string::npos) {
      const bool wanted = unread_.substr(0, end) == line;
      unread_.erase(0, end + 1);
      if (wanted) return absl::OkStatus();
      continue;
    }
    const absl::Duration left = until - shared::SystemClock().Monotonic();
    pollfd events = {.fd = events_.get(), .events = POLLIN, .revents = 0};
    if (left <= absl::ZeroDuration() || poll(&events, 1, static_cast<int>(absl::ToInt64Milliseconds(left))) == 0) {
      return absl::DeadlineExceededError(absl::StrCat("the board of its own process never said \"", line, "\""));
    }
    char bytes[256];
    const ssize_t got = read(events_.get(), bytes, sizeof(bytes));
    if (got == 0) return absl::InternalError("the board of its own process has ended");
    if (got > 0) unread_.append(bytes, static_cast<std::size_t>(got));
  }
}

absl::Status BoardProcess::Freeze() {
  if (kill(child_.pid(), SIGSTOP) != 0) return shared::ErrnoStatus(errno, "SIGSTOP");
  int status = 0;
  if (waitpid(child_.pid(), &status, WUNTRACED) == child_.pid() && WIFSTOPPED(status)) return absl::OkStatus();
  return absl::InternalError("the board of its own process ended in place of stopping");
}

void BoardProcess::Thaw() { kill(child_.pid(), SIGCONT); }

int BeBoard(const std::string& controller, const std::string& board) {
  Fleet fleet(controller, {board}, [] { Say(kLease); });
  if (absl::Status status = fleet.logbook().AwaitContacts(1, kPatience); !status.ok()) {
    std::fprintf(stderr, "fleet_bench --be-board: %s\n", std::string(status.message()).c_str());
    return 1;
  }
  Say(kContact);
  for (;;) pause();
}

}  // namespace crosscall::fleet
