#include "proto/shared/private_file.h"

#include <sys/stat.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "proto/shared/durable_file.h"

namespace crosscall::shared {

absl::Status CheckPrivate(const std::string& path) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) return ErrnoStatus(errno, path);
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) == 0) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat(path, " holds secrets and has mode ",
                                                  absl::StrFormat("%04o", status.st_mode & 07777U),
                                                  ": others must have no right on it. Mend it with: chmod go= ", path));
}

absl::StatusOr<std::string> ReadPrivateFile(const std::string& path) {
  if (absl::Status status = CheckPrivate(path); !status.ok()) return status;
  return ReadFile(path, kMaxPemBytes);
}

}  // namespace crosscall::shared
