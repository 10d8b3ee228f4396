#include "controller/store/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "proto/shared/durable_file.h"

namespace crosscall::store {
namespace {

// The number is a hint for people; the lock is what counts.
std::string OwnerOf(int fd) {
  char text[32] = {};
  const ssize_t size = pread(fd, text, sizeof(text) - 1, 0);
  if (size <= 0) return "another process";
  return absl::StrCat("process ", absl::StripAsciiWhitespace(absl::string_view(text, static_cast<std::size_t>(size))));
}

}  // namespace

absl::StatusOr<std::unique_ptr<FolderLock>> FolderLock::Take(const std::string& folder) {
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return shared::ErrnoStatus(errno, absl::StrCat("cannot make the state folder ", folder));
  }
  const std::string path = absl::StrCat(folder, "/", kFileName);
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return shared::ErrnoStatus(errno, absl::StrCat("cannot open ", path));
  std::unique_ptr<FolderLock> lock(new FolderLock(fd));
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return shared::ErrnoStatus(errno, absl::StrCat("cannot lock ", path));
    return absl::FailedPreconditionError(absl::StrCat("the state folder ", folder, " is in use by ", OwnerOf(fd),
                                                      ": stop that controller, or choose another --state-dir"));
  }
  const std::string owner = absl::StrCat(getpid(), "\n");
  if (ftruncate(fd, 0) != 0 || pwrite(fd, owner.data(), owner.size(), 0) < 0) {
    return shared::ErrnoStatus(errno, absl::StrCat("cannot write ", path));
  }
  return lock;
}

FolderLock::~FolderLock() { close(fd_); }

}  // namespace crosscall::store
