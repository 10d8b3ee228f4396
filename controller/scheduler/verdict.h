// What follows from the end of an attempt, and when a sweep has ended. Pure.
#ifndef CONTROLLER_SCHEDULER_VERDICT_H_
#define CONTROLLER_SCHEDULER_VERDICT_H_

#include <cstdint>

#include "absl/types/optional.h"
#include "crosscall/v1/result.pb.h"
#include "crosscall/v1/sweep.pb.h"
#include "crosscall/v1/trial.pb.h"

namespace crosscall::scheduler {

// Where a trial goes when its last attempt ended with `outcome` (UNSPECIFIED: it could not be started). Findings
// (COMPLETED, HUNG, CRASHED, WEDGED, REFUSED) are final; the rest is tried again, unless the attempts are used up or
// the sweep ends.
v1::Trial::State AfterAttempt(v1::Outcome outcome, std::uint32_t attempts, std::uint32_t attempts_allowed,
                              bool sweep_is_ending);

// Trials that told something (completed, hung, crashed, wedged) over all that were neither refused nor left when a time
// budget was used up; 1 if all were refused, since nothing is owed then, and 0 if all others were left.
double Coverage(const v1::SweepProgress& progress);

// PENDING + RUNNING, those of boards that are being diagnosed among them.
std::uint64_t OpenTrials(const v1::SweepProgress& progress);

// The state of a sweep none of whose trials is open any more. `cancelled_by_user` decides over coverage.
v1::Sweep::State SweepEnd(const v1::SweepProgress& progress, double required_coverage, bool cancelled_by_user);

// Moves one trial from one count to another. A state is counted in the field that its outcome, if FINISHED, names.
void CountTrial(v1::SweepProgress& progress, v1::Trial::State state, v1::Outcome outcome, int change);

}  // namespace crosscall::scheduler

#endif  // CONTROLLER_SCHEDULER_VERDICT_H_
