// One night of a simulated lab, all of which follows from its seed.
#ifndef TESTS_SIM_NIGHT_H_
#define TESTS_SIM_NIGHT_H_

#include <cstdint>
#include <cstdio>
#include <string>

#include "absl/types/optional.h"
#include "tests/sim/judge.h"

namespace crosscall::sim {

struct NightReport {
  absl::optional<Violation> violation;
  // Equal for two runs of one seed.
  std::uint64_t digest = 0;
  std::uint64_t trials = 0;
  std::uint64_t attempts = 0;
  int faults = 0;
};

// `folder` is made, used for the store, and removed. `trace`: where each step is printed, or null.
NightReport RunNight(std::uint64_t seed, const std::string& folder, std::FILE* trace);

}  // namespace crosscall::sim

#endif  // TESTS_SIM_NIGHT_H_
