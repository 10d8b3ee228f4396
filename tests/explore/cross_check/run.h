// One execution of a scenario on real CPUs, in a process of its own that may hang.
#ifndef TESTS_EXPLORE_CROSS_CHECK_RUN_H_
#define TESTS_EXPLORE_CROSS_CHECK_RUN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/core/implementation.h"
#include "agent/scenario/compile.h"
#include "crosscall/v1/scenario.pb.h"

namespace crosscall::cross_check {

// All members outlive the run.
struct RunSpec {
  const v1::Scenario& scenario;
  const scenario::CompiledScenario& compiled;  // of `scenario`
  core::Implementation implementation;
  std::uint64_t seed = 1;
  std::uint64_t horizon = 0;  // points of each CPU among which a stop may matter; 0: not known (delays.h)
  const std::vector<std::uint32_t>& board_cpus;  // one for each scenario CPU
};

enum class Ending {
  kEnded,    // every program, and every function that was called
  kHung,     // proved (hang_proof.h)
  kDied,     // the process ended otherwise
  kUnclear,  // neither ended nor proved hung, for very long
};

// A CPU that waits for ever.
struct RunWait {
  core::CpuId cpu = 0;
  core::Site site = core::Site::kNone;
};

struct RunOutcome {
  Ending ending = Ending::kUnclear;
  std::uint64_t refused = 0;     // calls, if it ended
  std::uint64_t violations = 0;  // likewise
  std::string violation;         // the first, in words
  std::vector<RunWait> waits;    // of a hang: CPUs that have not ended, ascending
  std::string account;           // what the watchdog's judge says of a hang, and where every CPU stands; or how it died
};

// Forks, watches, and leaves no process behind. The calling process has no other thread. Errors are those of a machine
// that gives no process or memory.
absl::StatusOr<RunOutcome> RunOnce(const RunSpec& spec);

}  // namespace crosscall::cross_check

#endif  // TESTS_EXPLORE_CROSS_CHECK_RUN_H_
