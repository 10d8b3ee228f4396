// One agent per state folder.
#ifndef AGENT_SUPERVISOR_STATE_LOCK_H_
#define AGENT_SUPERVISOR_STATE_LOCK_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "agent/supervisor/file_descriptor.h"

namespace crosscall::supervisor {

// Holds an exclusive lock on `{folder}/agent.lock` while it lives; the kernel frees it however the process ends.
class StateLock {
 public:
  // Makes the folder if needed. ALREADY_EXISTS, with the holder's pid, if another agent uses it; else what errno says.
  static absl::StatusOr<StateLock> Take(const std::string& folder);

 private:
  explicit StateLock(FileDescriptor file) : file_(std::move(file)) {}

  FileDescriptor file_;
};

}  // namespace crosscall::supervisor

#endif  // AGENT_SUPERVISOR_STATE_LOCK_H_
