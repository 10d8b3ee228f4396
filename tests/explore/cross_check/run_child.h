// The side of a run that may hang: carries a scenario's programs out once, on delayed CPUs.
#ifndef TESTS_EXPLORE_CROSS_CHECK_RUN_CHILD_H_
#define TESTS_EXPLORE_CROSS_CHECK_RUN_CHILD_H_

#include <atomic>

#include "absl/status/status.h"
#include "agent/ports/flight_region.h"
#include "tests/explore/cross_check/delays.h"
#include "tests/explore/cross_check/run.h"

namespace crosscall::cross_check {

// What the run says of itself, in memory shared with who watches it. `ended` is stored last, with release.
struct RunReport {
  static constexpr core::usize kTextBytes = 256;

  std::atomic<u32> ended{0};
  u64 refused = 0;
  u64 violations = 0;
  char violation[kTextBytes] = {};
};

// In the run's own process; returns when all its threads have ended, or never.
absl::Status CarryOut(const RunSpec& spec, ports::FlightRegion& region, RunReport& report);

}  // namespace crosscall::cross_check

#endif  // TESTS_EXPLORE_CROSS_CHECK_RUN_CHILD_H_
