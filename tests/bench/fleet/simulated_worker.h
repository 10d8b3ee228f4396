// What a simulated board says of itself, and the result of its trials. Pure.
#ifndef TESTS_BENCH_FLEET_SIMULATED_WORKER_H_
#define TESTS_BENCH_FLEET_SIMULATED_WORKER_H_

#include <string>

#include "absl/time/time.h"
#include "crosscall/v1/board.pb.h"

namespace crosscall::fleet {

inline constexpr char kImplementation[] = "generic_2008/poll_completion/mask_all";
inline constexpr char kScenario[] = "pair";

// Two CPUs that offer kScenario with kImplementation.
v1::BoardDescription SimulatedDescription();

// A completed TrialResult, serialized: some 4 kB, with distributions as a small real trial has them.
std::string SimulatedResult(absl::Duration elapsed);

}  // namespace crosscall::fleet

#endif  // TESTS_BENCH_FLEET_SIMULATED_WORKER_H_
