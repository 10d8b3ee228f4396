#include "tests/bench/fleet/controller_process.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/supervisor/file_descriptor.h"
#include "proto/shared/clock.h"
#include "proto/shared/durable_file.h"

namespace crosscall::fleet {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(60);

std::string ReadText(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

absl::StatusOr<std::unique_ptr<ControllerProcess>> ControllerProcess::Start(const std::string& program,
                                                                            const std::string& parent,
                                                                            std::vector<std::string> flags) {
  std::string folder = parent + "/crosscall-fleet-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return shared::ErrnoStatus(errno, absl::StrCat("making ", folder));
  std::unique_ptr<ControllerProcess> controller(new ControllerProcess(program, folder, std::move(flags)));
  if (absl::Status status = controller->Launch("127.0.0.1:0"); !status.ok()) return status;
  return controller;
}

ControllerProcess::~ControllerProcess() {
  static_cast<void>(Stop());
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

absl::Status ControllerProcess::Launch(const std::string& listen) {
  const std::string log = folder_ + "/log";
  const supervisor::FileDescriptor out(open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!out.valid()) return shared::ErrnoStatus(errno, absl::StrCat("opening ", log));
  supervisor::ChildOptions options;
  options.path = program_;
  options.arguments = {"--insecure", "--no-health-trials", "--state-dir", folder_ + "/state", "--listen",
                       listen,       "--metrics-listen",   "127.0.0.1:0", "--endpoints-file", folder_ + "/endpoints"};
  options.arguments.insert(options.arguments.end(), flags_.begin(), flags_.end());
  options.descriptors = {{out.get(), STDOUT_FILENO}, {out.get(), STDERR_FILENO}};
  absl::StatusOr<supervisor::ChildProcess> child = supervisor::ChildProcess::Spawn(options);
  if (!child.ok()) return child.status();
  child_.emplace(*std::move(child));
  return AwaitServing();
}

absl::Status ControllerProcess::AwaitServing() {
  const absl::Duration until = shared::SystemClock().Monotonic() + kPatience;
  const std::string file = folder_ + "/endpoints";
  while (!std::filesystem::exists(file)) {
    if (child_->TryReap()) return absl::InternalError(absl::StrCat("the controller ended at once:\n", LogTail()));
    if (shared::SystemClock().Monotonic() >= until) return absl::DeadlineExceededError("the controller never served");
    // Looks again; the file decides, not the time.
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  // {"grpc":"HOST:PORT",...}: it appears whole.
  const std::string text = ReadText(file);
  const std::string key = "\"grpc\":\"";
  const std::size_t at = text.find(key);
  if (at == std::string::npos) return absl::InternalError(absl::StrCat("no gRPC address in ", file));
  const std::size_t begin = at + key.size();
  address_ = text.substr(begin, text.find('"', begin) - begin);
  return absl::OkStatus();
}

absl::Status ControllerProcess::Stop() {
  if (!child_) return absl::OkStatus();
  kill(child_->pid(), SIGTERM);
  const std::optional<int> end = child_->ReapWithin(kPatience);
  if (!end) {
    child_.reset();
    return absl::InternalError("the controller did not heed SIGTERM");
  }
  child_.reset();
  if (WIFEXITED(*end) && WEXITSTATUS(*end) == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("the controller ", supervisor::DescribeExit(*end), ":\n", LogTail()));
}

absl::Status ControllerProcess::StartAgain(std::vector<std::string> flags) {
  if (!flags.empty()) flags_ = std::move(flags);
  return Launch(address_);
}

absl::StatusOr<std::uint64_t> ControllerProcess::MemoryBytes() const {
  const std::string path = absl::StrCat("/proc/", child_->pid(), "/status");
  std::istringstream words(ReadText(path));
  // proc(5): "RssAnon:", then kibibytes.
  for (std::string word; words >> word;) {
    std::uint64_t kibibytes = 0;
    if (word == "RssAnon:" && words >> kibibytes) return kibibytes * 1024;
  }
  return absl::InternalError(absl::StrCat(path, " is not as proc(5) says"));
}

absl::StatusOr<absl::Duration> ControllerProcess::CpuTime() const {
  const std::string path = absl::StrCat("/proc/", child_->pid(), "/stat");
  const std::string text = ReadText(path);
  // proc(5): behind the name in brackets come state, ten numbers, then utime and stime in clock ticks.
  std::istringstream words(text.substr(std::min(text.size(), text.rfind(')') + 1)));
  std::string skipped;
  for (int word = 0; word < 11; ++word) words >> skipped;
  std::int64_t user = 0;
  std::int64_t kernel = 0;
  if (!(words >> user >> kernel)) return absl::InternalError(absl::StrCat(path, " is not as proc(5) says"));
  return absl::Seconds(static_cast<double>(user + kernel) / static_cast<double>(sysconf(_SC_CLK_TCK)));
}

bool ControllerProcess::state_in_memory() const {
  struct statfs where {};
  return statfs(folder_.c_str(), &where) == 0 && where.f_type == TMPFS_MAGIC;
}

std::string ControllerProcess::LogTail() const {
  constexpr std::size_t kBytes = 2000;
  const std::string log = ReadText(folder_ + "/log");
  return log.size() <= kBytes ? log : log.substr(log.size() - kBytes);
}

}  // namespace crosscall::fleet
