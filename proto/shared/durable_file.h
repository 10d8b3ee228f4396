// Files that are there after a power cut or not at all: write, fsync, rename, fsync the directory.
#ifndef PROTO_SHARED_DURABLE_FILE_H_
#define PROTO_SHARED_DURABLE_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace crosscall::shared {

// Replaces `path` atomically; where root replaces another's file, that owner keeps it. Not for two writers of one path
// at once. Codes: RESOURCE_EXHAUSTED (disk full, quota), PERMISSION_DENIED, NOT_FOUND (folder), FAILED_PRECONDITION (a
// file where a folder must be), INTERNAL. After an error the old content, if any, is still there.
absl::Status WriteDurably(const std::string& path, absl::string_view content);

// Gives a file that is on disk already its name; a file of that name is replaced. Codes as above.
absl::Status RenameDurably(const std::string& from, const std::string& to);

// Deletes `path` and makes the deletion durable. A missing file is no error.
absl::Status RemoveDurably(const std::string& path);

// Codes: NOT_FOUND, PERMISSION_DENIED, RESOURCE_EXHAUSTED (larger than `limit`), INTERNAL.
absl::StatusOr<std::string> ReadFile(const std::string& path, std::size_t limit);

// A status for `errno_value`, with the code that fits: ENOSPC and EDQUOT RESOURCE_EXHAUSTED, and so on.
absl::Status ErrnoStatus(int errno_value, absl::string_view what);

}  // namespace crosscall::shared

#endif  // PROTO_SHARED_DURABLE_FILE_H_
