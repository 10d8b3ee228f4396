// The controller's own process, from /proc: prometheus-cpp has no collector for it.
#ifndef CONTROLLER_METRICS_PROCESS_H_
#define CONTROLLER_METRICS_PROCESS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace crosscall::metrics {

struct ProcessUsage {
  double cpu_seconds = 0;
  // Since the epoch.
  double start_time_seconds = 0;
  std::uint64_t resident_memory_bytes = 0;
  std::uint64_t open_fds = 0;
  std::uint64_t max_fds = 0;
};

// Reads `self/stat`, `self/fd` and `stat` below `proc` (normally /proc). NOT_FOUND or PERMISSION_DENIED if a file
// cannot be read, DATA_LOSS if it has another form. Thread-safe.
absl::StatusOr<ProcessUsage> ReadProcessUsage(const std::string& proc);

}  // namespace crosscall::metrics

#endif  // CONTROLLER_METRICS_PROCESS_H_
