// Which of the board's CPUs a trial may be pinned to.
#ifndef AGENT_PORTS_BOARD_CPUS_H_
#define AGENT_PORTS_BOARD_CPUS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "agent/core/types.h"

namespace crosscall::ports {

// The CPUs this process may run on: online, and not fenced off by an affinity or a cpuset. Ascending.
std::vector<core::u32> UsableBoardCpus();

// "0-3,6": ascending CPUs as ranges.
std::string FormatCpuList(const std::vector<core::u32>& cpus);

// Pure. `board_cpus` are to carry one scenario CPU each, `usable` (ascending) exist. Errors: INVALID_ARGUMENT for none,
// too many, or a CPU listed twice without `oversubscribe`; FAILED_PRECONDITION for a CPU that is not usable, naming
// those that are.
absl::Status CheckBoardCpus(const std::vector<core::u32>& board_cpus, const std::vector<core::u32>& usable,
                            bool oversubscribe);

// True if two scenario CPUs share a board CPU.
bool SharesBoardCpus(const std::vector<core::u32>& board_cpus);

}  // namespace crosscall::ports

#endif  // AGENT_PORTS_BOARD_CPUS_H_
