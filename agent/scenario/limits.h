// Limits of the scenario language, in one place for the parser and for the validation of what comes as protobuf.
#ifndef AGENT_SCENARIO_LIMITS_H_
#define AGENT_SCENARIO_LIMITS_H_

#include <cstdint>

namespace crosscall::scenario {

inline constexpr std::uint32_t kMaxScenarioCpus = 1024;
inline constexpr std::uint64_t kMaxSpanNanos = 60'000'000'000;  // of one work, idle, delay or deschedule
inline constexpr std::uint64_t kMaxCount = 1'000'000'000;       // iterations of a repeat, nth, times
inline constexpr int kMaxLocks = 64;
inline constexpr int kMaxParameters = 32;
inline constexpr int kMaxFunctions = 64;
inline constexpr int kMaxInterrupts = 64;
inline constexpr int kMaxFaults = 64;
inline constexpr int kMaxExpectations = 256;
inline constexpr int kMaxBodyOperations = 4096;
inline constexpr int kMaxScenarioOperations = 65'536;  // in all bodies together
inline constexpr int kMaxAboutBytes = 1024;

}  // namespace crosscall::scenario

#endif  // AGENT_SCENARIO_LIMITS_H_
