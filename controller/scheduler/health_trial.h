// The golden trial that a board must pass before it gets work: small, with known bounds. Pure.
#ifndef CONTROLLER_SCHEDULER_HEALTH_TRIAL_H_
#define CONTROLLER_SCHEDULER_HEALTH_TRIAL_H_

#include <string>

#include "absl/status/statusor.h"
#include "crosscall/v1/board.pb.h"
#include "crosscall/v1/sweep.pb.h"
#include "crosscall/v1/trial.pb.h"

namespace crosscall::scheduler {

// One trial on `board`: the simplest scenario and the implementation in use today, or the first of those it offers.
// It asks for few calls, so that it takes a moment, and for progress within a second. FAILED_PRECONDITION: the board
// offers nothing that could be run on it; the text says what is missing.
absl::StatusOr<v1::SweepSpec> HealthSweep(const std::string& board, const v1::BoardDescription& description);

enum class CheckResult {
  kOpen,     // not known yet
  kPassed,   // COMPLETED: all calls made, numbers valid
  kFailed,   // anything else that the trial said, or that it could not be run in all its attempts
  kNothing,  // it ended without having been run: cancelled, or the board stayed away past the deadline
};

CheckResult ResultOfCheck(const v1::Trial& trial);

}  // namespace crosscall::scheduler

#endif  // CONTROLLER_SCHEDULER_HEALTH_TRIAL_H_
