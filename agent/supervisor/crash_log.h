// What the kernel that ran before left behind when it crashed: pstore's dumps, or what systemd-pstore made of them.
#ifndef AGENT_SUPERVISOR_CRASH_LOG_H_
#define AGENT_SUPERVISOR_CRASH_LOG_H_

#include <string>

#include "absl/types/optional.h"
#include "crosscall/v1/board.pb.h"

namespace crosscall::supervisor {

// The newest crash under `root` ("" but in tests): its dumps in the order of their names, of which the end is kept.
// Nothing if there is none, or none that may be read. They are left where they are: the id tells the controller
// whether it has seen them.
absl::optional<v1::CrashLog> ReadCrashLog(const std::string& root);

}  // namespace crosscall::supervisor

#endif  // AGENT_SUPERVISOR_CRASH_LOG_H_
