#include "controller/scheduler/transitions.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace crosscall::scheduler {
namespace {

template <class State>
struct Change {
  State from;
  State to;
};

constexpr Change<LeaseState> kLeaseChanges[] = {
    {LeaseState::kPending, LeaseState::kActive},     {LeaseState::kActive, LeaseState::kActive},
    {LeaseState::kPending, LeaseState::kRevoking},   {LeaseState::kActive, LeaseState::kRevoking},
    {LeaseState::kRevoking, LeaseState::kRevoked},   {LeaseState::kPending, LeaseState::kFailed},
    {LeaseState::kActive, LeaseState::kFailed},      {LeaseState::kActive, LeaseState::kCompleted},
    {LeaseState::kRevoking, LeaseState::kCompleted}, {LeaseState::kPending, LeaseState::kExpired},
    {LeaseState::kActive, LeaseState::kExpired},     {LeaseState::kRevoking, LeaseState::kExpired},
    {LeaseState::kPending, LeaseState::kFenced},     {LeaseState::kActive, LeaseState::kFenced},
    {LeaseState::kRevoking, LeaseState::kFenced},
};

constexpr Change<v1::Trial::State> kTrialChanges[] = {
    {v1::Trial::STATE_PENDING, v1::Trial::STATE_RUNNING},      {v1::Trial::STATE_RUNNING, v1::Trial::STATE_FINISHED},
    {v1::Trial::STATE_RUNNING, v1::Trial::STATE_PENDING},      {v1::Trial::STATE_RUNNING, v1::Trial::STATE_FAILED},
    {v1::Trial::STATE_PENDING, v1::Trial::STATE_FAILED},       {v1::Trial::STATE_PENDING, v1::Trial::STATE_EXPIRED},
    {v1::Trial::STATE_PENDING, v1::Trial::STATE_CANCELLED},    {v1::Trial::STATE_RUNNING, v1::Trial::STATE_CANCELLED},
    {v1::Trial::STATE_RUNNING, v1::Trial::STATE_DIAGNOSING},   {v1::Trial::STATE_DIAGNOSING, v1::Trial::STATE_FINISHED},
    {v1::Trial::STATE_DIAGNOSING, v1::Trial::STATE_PENDING},   {v1::Trial::STATE_DIAGNOSING, v1::Trial::STATE_FAILED},
    {v1::Trial::STATE_DIAGNOSING, v1::Trial::STATE_CANCELLED},
};

constexpr Change<v1::Sweep::State> kSweepChanges[] = {
    {v1::Sweep::STATE_PENDING, v1::Sweep::STATE_RUNNING},
    {v1::Sweep::STATE_PENDING, v1::Sweep::STATE_CANCELLING},
    {v1::Sweep::STATE_RUNNING, v1::Sweep::STATE_CANCELLING},
    {v1::Sweep::STATE_PENDING, v1::Sweep::STATE_SUCCEEDED},
    {v1::Sweep::STATE_PENDING, v1::Sweep::STATE_FAILED},
    {v1::Sweep::STATE_RUNNING, v1::Sweep::STATE_SUCCEEDED},
    {v1::Sweep::STATE_RUNNING, v1::Sweep::STATE_FAILED},
    {v1::Sweep::STATE_CANCELLING, v1::Sweep::STATE_CANCELLED},
    {v1::Sweep::STATE_CANCELLING, v1::Sweep::STATE_SUCCEEDED},
    {v1::Sweep::STATE_CANCELLING, v1::Sweep::STATE_FAILED},
};

template <class State, std::size_t kSize>
absl::Status Check(const Change<State> (&changes)[kSize], absl::string_view what, State from, State to,
                   absl::string_view from_name, absl::string_view to_name) {
  const bool listed = std::any_of(std::begin(changes), std::end(changes), [from, to](const Change<State>& change) {
    return change.from == from && change.to == to;
  });
  if (listed) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("a ", what, " cannot go from ", from_name, " to ", to_name));
}

std::string WordOf(absl::string_view enumerator) {
  return absl::AsciiStrToLower(absl::StripPrefix(enumerator, "STATE_"));
}

}  // namespace

std::string StateWord(v1::Trial::State state) { return WordOf(v1::Trial::State_Name(state)); }
std::string StateWord(v1::Sweep::State state) { return WordOf(v1::Sweep::State_Name(state)); }

absl::string_view LeaseStateName(LeaseState state) {
  constexpr absl::string_view kNames[] = {"pending", "active",  "revoking", "completed",
                                          "failed",  "expired", "fenced",   "revoked"};
  return kNames[static_cast<std::size_t>(state)];
}

absl::StatusOr<LeaseState> ParseLeaseState(absl::string_view name) {
  for (const LeaseState state : kLeaseStates) {
    if (LeaseStateName(state) == name) return state;
  }
  return absl::DataLossError(
      absl::StrCat("the store holds a lease state \"", name, "\" that this release does not know"));
}

bool IsLive(LeaseState state) {
  return state == LeaseState::kPending || state == LeaseState::kActive || state == LeaseState::kRevoking;
}

bool HasEnded(v1::Trial::State state) {
  return state != v1::Trial::STATE_PENDING && state != v1::Trial::STATE_RUNNING && state != v1::Trial::STATE_DIAGNOSING;
}

bool HasEnded(v1::Sweep::State state) {
  return state == v1::Sweep::STATE_SUCCEEDED || state == v1::Sweep::STATE_FAILED || state == v1::Sweep::STATE_CANCELLED;
}

absl::Status CheckTransition(LeaseState from, LeaseState to) {
  return Check(kLeaseChanges, "lease", from, to, LeaseStateName(from), LeaseStateName(to));
}

absl::Status CheckTransition(v1::Trial::State from, v1::Trial::State to) {
  return Check(kTrialChanges, "trial", from, to, StateWord(from), StateWord(to));
}

absl::Status CheckTransition(v1::Sweep::State from, v1::Sweep::State to) {
  return Check(kSweepChanges, "sweep", from, to, StateWord(from), StateWord(to));
}

}  // namespace crosscall::scheduler
