// Which agents a controller serves: rule P9 of the fleet reference. Pure.
#ifndef CONTROLLER_SCHEDULER_RELEASES_H_
#define CONTROLLER_SCHEDULER_RELEASES_H_

#include <cstdint>
#include <string>

namespace crosscall::scheduler {

// A controller of release N serves agents of N, N - 1 and N - 2; it is upgraded first.
inline constexpr std::uint32_t kReleasesBack = 2;

// Why an agent of release `agent` gets no lease from a controller of release `controller`, and what to do, as the end
// of a sentence about its board; empty if it is served.
std::string WhyNotServed(std::uint32_t agent, std::uint32_t controller);

}  // namespace crosscall::scheduler

#endif  // CONTROLLER_SCHEDULER_RELEASES_H_
