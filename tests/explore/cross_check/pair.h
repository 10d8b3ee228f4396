// One scenario on one implementation: what the explorer says of it, and what real runs do.
#ifndef TESTS_EXPLORE_CROSS_CHECK_PAIR_H_
#define TESTS_EXPLORE_CROSS_CHECK_PAIR_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "agent/explore/explore.h"
#include "tests/explore/cross_check/run.h"

namespace crosscall::cross_check {

// Pure. In which way the run cannot be if the finding is true; empty if it can.
std::string Contradiction(const explore::Finding& finding, const RunOutcome& outcome);

// Pure. The run hung where the explorer's shortest way ends: every CPU that waits does so at the same site there. Those
// that nobody needs any more may have ended before.
bool HungAsTold(const explore::Trace& trace, const RunOutcome& outcome);

// True if the finding claims something about every run.
bool Claims(explore::Verdict verdict);

struct Tally {
  std::uint64_t pairs = 0;  // that were run
  std::uint64_t deadlock_pairs = 0;
  std::uint64_t runs = 0;
  std::uint64_t hung_as_predicted = 0;
  std::uint64_t hung_otherwise = 0;  // in a deadlock pair, at other waits
  std::uint64_t ended_as_predicted = 0;
  std::uint64_t ended_despite_deadlock = 0;  // not in each execution must it hang
  std::uint64_t most_runs_to_reproduce = 0;  // of a deadlock
  // Unknown, violation or livelock: nothing is claimed that a run could contradict.
  std::vector<std::string> skipped;
  std::vector<std::string> contradictions;    // told in full
  std::vector<std::string> never_reproduced;  // deadlocks, told in full
};

struct PairOptions {
  std::uint64_t runs = 1;                 // of each pair; a deadlock is run until it came true, and at least so often
  std::uint64_t most_runs = 1;            // that a deadlock may take to hang
  std::uint64_t first_seed = 1;           // the next run has the next one
  std::uint64_t most_contradictions = 1;  // of this pair, then it is left
  std::vector<std::uint32_t> board_cpus;
};

// Errors are those of RunOnce and of a scenario that does not compile.
absl::Status RunPair(const v1::Scenario& scenario, const explore::Exploration& exploration, const PairOptions& options,
                     Tally& tally);

}  // namespace crosscall::cross_check

#endif  // TESTS_EXPLORE_CROSS_CHECK_PAIR_H_
