// The circumstances of a measurement, as the machine tells them.
//
// Thread-safe; reads files only. A field that could not be read stays empty (-1 for a NUMA node): nothing is invented.
#ifndef AGENT_MEASURE_ENVIRONMENT_H_
#define AGENT_MEASURE_ENVIRONMENT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "crosscall/v1/environment.pb.h"

namespace crosscall::measure {

// Reads everything that does not depend on the trial's threads. `root` stands before /proc and /sys; empty is this
// machine. `board_cpus` are the CPUs under test, scenario CPU by scenario CPU. Left to the runner: scheduling,
// scheduling_note, memory_locked, target_state and throttle_count.
v1::Environment ReadEnvironment(const std::string& root, const std::vector<std::uint32_t>& board_cpus);

// Thermal throttle events of those CPUs since boot, core and package; 0 where the machine does not count them. The
// difference of two readings is Environment.throttle_count.
std::uint64_t ReadThrottleEvents(const std::string& root, const std::vector<std::uint32_t>& board_cpus);

}  // namespace crosscall::measure

#endif  // AGENT_MEASURE_ENVIRONMENT_H_
