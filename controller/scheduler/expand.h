// From what a user asks for to trials. Pure: the same spec and boards give the same trials, ids and order.
#ifndef CONTROLLER_SCHEDULER_EXPAND_H_
#define CONTROLLER_SCHEDULER_EXPAND_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/scheduler/selector.h"
#include "crosscall/v1/sweep.pb.h"
#include "crosscall/v1/trial.pb.h"

namespace crosscall::scheduler {

struct PlannedTrial {
  // `t` and the number of the point in the cross product: independent of the run order.
  std::string id;
  // `boards/{board}`
  std::string board;
  v1::TrialSpec spec;
  std::uint32_t repetition = 0;
  // Of its CPUs, from coarse to fine (coarse_to_fine.h).
  std::uint32_t grain = 0;
};

struct Plan {
  std::uint64_t trial_count = 0;
  // In run order, which the spec's seed decides; with a time budget first all repetitions 0, and in each from coarse to
  // fine. Empty after Count.
  std::vector<PlannedTrial> trials;
};

// The cross product over the selected boards; patterns of implementations are matched against what each board offers.
// After it the explorations, if the spec wants some: each point once, on one of the boards (explore_axis.h).
//
// A CPU list longer than a scenario needs is cut to the first ones; a shorter one is refused, as is a CPU that the
// board has not, and a scenario with more CPUs than the board has unless the spec says oversubscribe. INVALID_ARGUMENT:
// the spec, or a product above the limit (the text has every factor). NOT_FOUND: board, scenario, implementation or
// target system that the board does not offer (the text lists what there is). FAILED_PRECONDITION: no board matches, or
// a board lacks CPUs.
absl::StatusOr<Plan> Expand(const v1::SweepSpec& spec, const std::vector<BoardOffer>& boards);

// The same checks, without making the trials: for a dry run.
absl::StatusOr<Plan> Count(const v1::SweepSpec& spec, const std::vector<BoardOffer>& boards);

}  // namespace crosscall::scheduler

#endif  // CONTROLLER_SCHEDULER_EXPAND_H_
