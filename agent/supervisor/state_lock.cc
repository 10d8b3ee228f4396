#include "agent/supervisor/state_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "proto/shared/durable_file.h"

namespace crosscall::supervisor {

absl::StatusOr<StateLock> StateLock::Take(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return shared::ErrnoStatus(error.value(), absl::StrCat("making the state folder ", folder));
  const std::string path = folder + "/agent.lock";
  FileDescriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!file.valid()) return shared::ErrnoStatus(errno, absl::StrCat("open ", path));
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return shared::ErrnoStatus(errno, absl::StrCat("lock ", path));
    const absl::StatusOr<std::string> holder = shared::ReadFile(path, 64);
    return absl::AlreadyExistsError(absl::StrCat("another agent (pid ",
                                                 holder.ok() ? absl::StripAsciiWhitespace(*holder) : "?",
                                                 ") uses state folder ", folder, "; give each agent its own"));
  }
  // For people and for the message above; the lock itself is the kernel's.
  const std::string pid = absl::StrCat(getpid(), "\n");
  if (ftruncate(file.get(), 0) != 0 || pwrite(file.get(), pid.data(), pid.size(), 0) < 0) {
    return shared::ErrnoStatus(errno, absl::StrCat("write ", path));
  }
  return StateLock(std::move(file));
}

}  // namespace crosscall::supervisor
