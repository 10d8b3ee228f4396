// Who this agent is: its incarnation, the board's boot, and what the board is.
#ifndef AGENT_SUPERVISOR_AGENT_IDENTITY_H_
#define AGENT_SUPERVISOR_AGENT_IDENTITY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "crosscall/v1/board.pb.h"
#include "crosscall/worker/v1/frame.pb.h"

namespace crosscall::supervisor {

// 128 random bits, hexadecimal.
std::string RandomId();
std::uint64_t RandomSeed();

// /proc/sys/kernel/random/boot_id under `root` ("" but in tests). Codes: NOT_FOUND, PERMISSION_DENIED.
absl::StatusOr<std::string> BootId(const std::string& root);

// "0,2-3" to CPU numbers, ascending and without duplicates. INVALID_ARGUMENT that names the part that is wrong.
absl::StatusOr<std::vector<std::uint32_t>> ParseCpuList(const std::string& text);

// The CPUs this process may run on, ascending.
std::vector<std::uint32_t> UsableCpus();

// What the board is, read from uname and /proc under `root`; what cannot be read stays empty. `cpus`: those that trials
// may use; NOT among UsableCpus: FAILED_PRECONDITION that lists them. The same if the worker has another version.
absl::StatusOr<v1::BoardDescription> DescribeBoard(const std::string& root, const worker::v1::Description& worker,
                                                   const std::vector<std::uint32_t>& cpus,
                                                   const std::vector<std::string>& labels, bool realtime);

}  // namespace crosscall::supervisor

#endif  // AGENT_SUPERVISOR_AGENT_IDENTITY_H_
