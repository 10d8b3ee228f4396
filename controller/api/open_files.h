// Each agent is a file descriptor: the usual soft limit of 1024 is a lab of less than a thousand boards.
#ifndef CONTROLLER_API_OPEN_FILES_H_
#define CONTROLLER_API_OPEN_FILES_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace crosscall::api {

inline constexpr std::uint64_t kWantedOpenFiles = 16'384;

// Raises RLIMIT_NOFILE of this process to its hard limit, and returns that.
absl::StatusOr<std::uint64_t> RaiseOpenFileLimit();

// OK, or RESOURCE_EXHAUSTED that says how many boards fit and how to have more.
absl::Status CheckOpenFileLimit(std::uint64_t limit);

}  // namespace crosscall::api

#endif  // CONTROLLER_API_OPEN_FILES_H_
