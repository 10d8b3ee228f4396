// Files with secrets: keys and tokens. Others must not be able to read them.
#ifndef PROTO_SHARED_PRIVATE_FILE_H_
#define PROTO_SHARED_PRIVATE_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace crosscall::shared {

inline constexpr std::size_t kMaxPemBytes = 64 * 1024;

// PERMISSION_DENIED if group or others have any right on `path`: the text has the command that mends it. NOT_FOUND.
absl::Status CheckPrivate(const std::string& path);

// Reads a file that CheckPrivate accepts. Codes: those of CheckPrivate and ReadFile.
absl::StatusOr<std::string> ReadPrivateFile(const std::string& path);

}  // namespace crosscall::shared

#endif  // PROTO_SHARED_PRIVATE_FILE_H_
