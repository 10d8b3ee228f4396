// The state machines of trial, lease and sweep, as the fleet reference's section 3 lists them; those of boards are in
// board_states.h. Pure.
//
// Every change of a stored state asks here first. A transition that is not listed is FAILED_PRECONDITION: nothing is
// written.
#ifndef CONTROLLER_SCHEDULER_TRANSITIONS_H_
#define CONTROLLER_SCHEDULER_TRANSITIONS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "crosscall/v1/sweep.pb.h"
#include "crosscall/v1/trial.pb.h"

namespace crosscall::scheduler {

enum class LeaseState {
  kPending,    // granted, no report lists it yet
  kActive,     // a report lists it
  kRevoking,   // no longer desired, the agent has not let go yet
  kCompleted,  // its result is committed
  kFailed,     // the agent could not start it
  kExpired,    // not renewed in time, hard cap, or dropped by its agent
  kFenced,     // another session took the board
  kRevoked,    // the agent let go
};

inline constexpr LeaseState kLeaseStates[] = {LeaseState::kPending,   LeaseState::kActive, LeaseState::kRevoking,
                                              LeaseState::kCompleted, LeaseState::kFailed, LeaseState::kExpired,
                                              LeaseState::kFenced,    LeaseState::kRevoked};

// The word that the store and users see: pending, active, revoking, completed, failed, expired, fenced, revoked.
absl::string_view LeaseStateName(LeaseState state);
// DATA_LOSS for a word that is none of them: only the store asks.
absl::StatusOr<LeaseState> ParseLeaseState(absl::string_view name);

// The same kind of word for the others: `pending`, `running`, ...
std::string StateWord(v1::Trial::State state);
std::string StateWord(v1::Sweep::State state);

// PENDING, ACTIVE and REVOKING: the board is taken.
bool IsLive(LeaseState state);
bool HasEnded(v1::Trial::State state);
bool HasEnded(v1::Sweep::State state);

// OK if the change is listed. ACTIVE -> ACTIVE is the renewal of a lease; no other state changes to itself.
absl::Status CheckTransition(LeaseState from, LeaseState to);
absl::Status CheckTransition(v1::Trial::State from, v1::Trial::State to);
absl::Status CheckTransition(v1::Sweep::State from, v1::Sweep::State to);

}  // namespace crosscall::scheduler

#endif  // CONTROLLER_SCHEDULER_TRANSITIONS_H_
