#include "proto/shared/durable_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"

namespace crosscall::shared {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string FolderOf(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

absl::Status SyncFolder(const std::string& folder) {
  const Descriptor descriptor(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor.get() < 0) return ErrnoStatus(errno, absl::StrCat("open folder ", folder));
  if (fsync(descriptor.get()) != 0) return ErrnoStatus(errno, absl::StrCat("fsync folder ", folder));
  return absl::OkStatus();
}

absl::Status WriteAll(int fd, absl::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoStatus(errno, absl::StrCat("write ", path));
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (fsync(fd) != 0) return ErrnoStatus(errno, absl::StrCat("fsync ", path));
  return absl::OkStatus();
}

// What root replaces for a program that is not root, that program must still be able to read.
absl::Status KeepOwner(int fd, const std::string& replaced) {
  struct stat old = {};
  if (geteuid() != 0 || stat(replaced.c_str(), &old) != 0) return absl::OkStatus();
  if (fchown(fd, old.st_uid, old.st_gid) != 0) return ErrnoStatus(errno, absl::StrCat("keep the owner of ", replaced));
  return absl::OkStatus();
}

}  // namespace

absl::Status ErrnoStatus(int errno_value, absl::string_view what) {
  const std::string text = absl::StrCat(what, ": ", std::strerror(errno_value));
  switch (errno_value) {
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return absl::ResourceExhaustedError(text);
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(text);
    case ENOTDIR:
    case EISDIR:
    case EEXIST:
      return absl::FailedPreconditionError(text);
    case ENOENT:
      return absl::NotFoundError(text);
    default:
      return absl::InternalError(text);
  }
}

absl::Status WriteDurably(const std::string& path, absl::string_view content) {
  const std::string temporary = path + ".partial";
  absl::Status status;
  {
    const Descriptor descriptor(open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (descriptor.get() < 0) return ErrnoStatus(errno, absl::StrCat("create ", temporary));
    status = KeepOwner(descriptor.get(), path);
    if (status.ok()) status = WriteAll(descriptor.get(), content, temporary);
  }
  if (status.ok() && rename(temporary.c_str(), path.c_str()) != 0) {
    status = ErrnoStatus(errno, absl::StrCat("rename ", temporary, " to ", path));
  }
  if (!status.ok()) {
    unlink(temporary.c_str());
    return status;
  }
  return SyncFolder(FolderOf(path));
}

absl::Status RenameDurably(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) != 0) return ErrnoStatus(errno, absl::StrCat("rename ", from, " to ", to));
  return SyncFolder(FolderOf(to));
}

absl::Status RemoveDurably(const std::string& path) {
  if (unlink(path.c_str()) != 0) {
    if (errno == ENOENT) return absl::OkStatus();
    return ErrnoStatus(errno, absl::StrCat("delete ", path));
  }
  return SyncFolder(FolderOf(path));
}

absl::StatusOr<std::string> ReadFile(const std::string& path, std::size_t limit) {
  const Descriptor descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (descriptor.get() < 0) return ErrnoStatus(errno, absl::StrCat("open ", path));
  std::string content;
  char buffer[1 << 16];
  while (true) {
    const ssize_t got = read(descriptor.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoStatus(errno, absl::StrCat("read ", path));
    if (got == 0) return content;
    content.append(buffer, static_cast<std::size_t>(got));
    if (content.size() > limit) {
      return absl::ResourceExhaustedError(absl::StrCat(path, " is larger than the limit of ", limit, " bytes"));
    }
  }
}

}  // namespace crosscall::shared
