#include "controller/dispatch/attempts.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/dispatch/board_changes.h"
#include "controller/dispatch/checked_result.h"
#include "controller/scheduler/board_states.h"
#include "controller/scheduler/verdict.h"
#include "proto/shared/check.h"
#include "proto/shared/proto_time.h"
#include "proto/shared/resource_name.h"

namespace crosscall::dispatch {
namespace {

std::string OutcomeWord(v1::Outcome outcome) {
  if (outcome == v1::OUTCOME_UNSPECIFIED) return "did not run";
  return v1::Outcome_Name(outcome).substr(sizeof("OUTCOME_") - 1);
}

std::string WhatHappened(std::uint32_t attempt, v1::Outcome outcome, const std::string& cause) {
  const std::string detail = cause.empty() ? "" : absl::StrCat(" (", cause, ")");
  return absl::StrCat("attempt ", attempt, ": ", OutcomeWord(outcome), detail);
}

bool IsEnding(const TrialState& trial) { return trial.sweep->row.sweep.state() == v1::Sweep::STATE_CANCELLING; }

}  // namespace

void Attempts::SetLease(Lease& lease, scheduler::LeaseState to) {
  const absl::Status allowed = scheduler::CheckTransition(lease.state, to);
  CROSSCALL_CHECK(allowed.ok(), allowed.message());
  lease.state = to;
  lease.row.lease_state = absl::StrCat(scheduler::LeaseStateName(to));
}

Lease Attempts::Take(Batch& batch, BoardState& board) {
  Lease lease = *std::move(board.lease);
  board.lease.reset();
  board.ad_hoc.End(batch.now());
  const SweepState& sweep = *lease.trial->sweep;
  world_.ShareOf(sweep).End(sweep.row.sweep.owner(), batch.now());
  return lease;
}

void Attempts::SetTrial(Batch& batch, TrialState& trial, v1::Trial::State to, const std::string& reason) {
  v1::Trial& row = trial.row.trial;
  const absl::Status allowed = scheduler::CheckTransition(row.state(), to);
  CROSSCALL_CHECK(allowed.ok(), allowed.message());
  v1::SweepProgress& progress = *trial.sweep->row.sweep.mutable_progress();
  scheduler::CountTrial(progress, row.state(), row.outcome(), -1);
  row.set_state(to);
  row.set_state_reason(reason);
  scheduler::CountTrial(progress, to, row.outcome(), 1);
  if (scheduler::HasEnded(to)) *row.mutable_end_time() = shared::TimestampOf(batch.wall());
  if (to == v1::Trial::STATE_PENDING) world_.Enqueue(trial, batch.now());
  batch.tx().UpdateTrial(trial.row);
  batch.AddEvent(row.name(), scheduler::StateWord(to), reason);
  batch.Touch(*trial.sweep);
  batch.Touch(*trial.board);
}

void Attempts::Pin(Batch& batch, SweepState& sweep, const BoardState& board) {
  const std::string& version = board.row.description.agent_version();
  if (version.empty() || !sweep.versions.emplace(board.row.name, version).second) return;
  batch.tx().InsertPin({.sweep_number = sweep.row.number, .board = board.row.name, .version = version});
}

void Attempts::Grant(Batch& batch, TrialState& trial) {
  BoardState& board = *trial.board;
  CROSSCALL_CHECK(!board.lease, "a board has one lease at a time");
  world_.Dequeue(trial);
  ++board.granted[{trial.row.sweep_number, trial.work}];
  trial.row.trial.set_attempt_count(trial.row.trial.attempt_count() + 1);
  Lease lease;
  lease.trial = &trial;
  lease.spec = trial.ParsedSpec();
  lease.term = scheduler::GrantTerm(RulesOf(settings_, board), lease.spec, batch.now());
  lease.stored_expiry = lease.term.expires;
  lease.awaits_boot = lease.spec.fresh_boot();
  lease.row.trial_id = trial.row.id;
  lease.row.attempt = trial.row.trial.attempt_count();
  lease.row.board = board.row.name;
  lease.row.incarnation_id = board.row.incarnation_id;
  lease.row.lease_state = absl::StrCat(scheduler::LeaseStateName(lease.state));
  lease.row.grant_time = batch.wall();
  lease.row.expire_time = batch.wall() + (lease.term.expires - batch.now());
  batch.tx().InsertAttempt(lease.row);
  Pin(batch, *trial.sweep, board);
  board.Take(std::move(lease), batch.now());
  world_.ShareOf(*trial.sweep).Begin(trial.sweep->row.sweep.owner(), batch.now());
  SetTrial(batch, trial, v1::Trial::STATE_RUNNING, "");
  v1::Sweep& sweep = trial.sweep->row.sweep;
  if (sweep.state() == v1::Sweep::STATE_PENDING) {
    sweep.set_state(v1::Sweep::STATE_RUNNING);
    *sweep.mutable_start_time() = shared::TimestampOf(batch.wall());
    world_.CountBudget(*trial.sweep, batch.now(), batch.wall());
  }
}

void Attempts::Renew(Batch& batch, BoardState& board) {
  Lease& lease = *board.lease;
  const bool first = lease.state == scheduler::LeaseState::kPending;
  SetLease(lease, scheduler::LeaseState::kActive);
  const scheduler::LeaseRules rules = RulesOf(settings_, board);
  lease.term.expires = scheduler::RenewedUntil(rules, lease.term, batch.now());
  if (!first && !scheduler::WorthStoring(rules, lease.stored_expiry, lease.term.expires)) return;
  lease.stored_expiry = lease.term.expires;
  lease.row.expire_time = batch.wall() + (lease.term.expires - batch.now());
  batch.tx().UpdateAttempt(lease.row);
}

void Attempts::Booted(Batch& batch, BoardState& board) {
  Lease& lease = *board.lease;
  lease.awaits_boot = false;
  lease.term = scheduler::GrantTerm(RulesOf(settings_, board), lease.spec, batch.now());
  lease.stored_expiry = lease.term.expires;
  lease.row.incarnation_id = board.row.incarnation_id;
  lease.row.expire_time = batch.wall() + (lease.term.expires - batch.now());
  batch.tx().UpdateAttempt(lease.row);
  batch.Touch(board);
}

void Attempts::Revoke(Batch& batch, BoardState& board, const std::string& reason) {
  Lease& lease = *board.lease;
  if (lease.state == scheduler::LeaseState::kRevoking) return;
  SetLease(lease, scheduler::LeaseState::kRevoking);
  lease.row.cause = reason;
  batch.tx().UpdateAttempt(lease.row);
  batch.Touch(board);
  // No agent has it, so none must let it go.
  if (lease.awaits_boot) End(batch, board, scheduler::LeaseState::kRevoked, v1::OUTCOME_UNSPECIFIED, reason);
}

void Attempts::End(Batch& batch, BoardState& board, scheduler::LeaseState to, v1::Outcome outcome,
                   const std::string& cause) {
  SetLease(*board.lease, to);
  Lease lease = Take(batch, board);
  Settle(batch, *lease.trial, std::move(lease.row), outcome, cause);
}

void Attempts::WaitForSpool(Batch& batch, BoardState& board) {
  SetLease(*board.lease, scheduler::LeaseState::kFenced);
  Lease lease = Take(batch, board);
  lease.row.cause = "its agent restarted, the result is in the spool";
  batch.tx().UpdateAttempt(lease.row);
  board.spooled.push_back(
      {.trial = lease.trial, .row = std::move(lease.row), .until = batch.now() + settings_.spooled_result_wait});
  batch.Touch(board);
}

void Attempts::Diagnose(Batch& batch, BoardState& board, const std::string& reason) {
  SetLease(*board.lease, scheduler::LeaseState::kExpired);
  Lease lease = Take(batch, board);
  lease.row.cause = reason;
  batch.tx().UpdateAttempt(lease.row);
  TrialState& trial = *lease.trial;
  board.diagnosed = DiagnosedAttempt{.trial = &trial, .row = std::move(lease.row)};
  SetTrial(batch, trial, v1::Trial::STATE_DIAGNOSING, reason);
}

void Attempts::StoreDiagnosis(Batch& batch, const store::AttemptRow& row, v1::Outcome outcome, const std::string& cause,
                              const v1::Diagnosis& diagnosis) {
  v1::TrialResult result;
  result.set_outcome(outcome);
  result.set_reason(cause);
  *result.mutable_diagnosis() = diagnosis;
  const std::string payload = result.SerializeAsString();
  batch.tx().InsertResult({.trial_id = row.trial_id,
                           .attempt = row.attempt,
                           .evidence = outcome == v1::OUTCOME_LOST,
                           .sha256 = Sha256(payload),
                           .payload = payload,
                           .summary = {.outcome = outcome},
                           .commit_time = batch.wall()});
}

void Attempts::Establish(Batch& batch, BoardState& board, v1::Outcome outcome, const std::string& cause,
                         const v1::Diagnosis& diagnosis) {
  DiagnosedAttempt attempt = *std::move(board.diagnosed);
  board.diagnosed.reset();
  StoreDiagnosis(batch, attempt.row, outcome, cause, diagnosis);
  Settle(batch, *attempt.trial, std::move(attempt.row), outcome, cause);
}

void Attempts::LeaveDiagnosis(Batch& batch, BoardState& board, const std::string& cause) {
  v1::Diagnosis& diagnosis = *board.row.record.mutable_diagnosis();
  Establish(batch, board, v1::OUTCOME_LOST, cause, diagnosis);
  diagnosis.clear_attempt();
  batch.tx().PutBoard(board.row);
}

void Attempts::AwaitDiagnosed(Batch& batch, BoardState& board) {
  DiagnosedAttempt attempt = *std::move(board.diagnosed);
  board.diagnosed.reset();
  attempt.row.cause = "its board came back, the result is in the spool";
  batch.tx().UpdateAttempt(attempt.row);
  board.spooled.push_back(
      {.trial = attempt.trial, .row = std::move(attempt.row), .until = batch.now() + settings_.spooled_result_wait});
  batch.Touch(board);
}

void Attempts::EndFound(Batch& batch, BoardState& board, v1::Outcome outcome, const std::string& cause,
                        const v1::Diagnosis& diagnosis) {
  StoreDiagnosis(batch, board.lease->row, outcome, cause, diagnosis);
  End(batch, board, scheduler::LeaseState::kFenced, outcome, cause);
}

void Attempts::CompleteDiagnosed(Batch& batch, BoardState& board, const store::ResultSummary& summary,
                                 const std::string& reason) {
  DiagnosedAttempt attempt = *std::move(board.diagnosed);
  board.diagnosed.reset();
  KeepLatency(batch, board, *attempt.trial, summary);
  Settle(batch, *attempt.trial, std::move(attempt.row), summary.outcome, reason);
}

void Attempts::Explain(Batch& batch, BoardState& board, const LostAttempt& lost, const std::string& cause) {
  batch.tx().ExplainAttempt(lost.trial_id, lost.attempt, cause);
  batch.AddEvent(shared::AttemptName(lost.trial, lost.attempt), "explained", cause);
  if (scheduler::IsStrike(v1::OUTCOME_LOST, cause)) CountStrike(batch, board, cause);
  const auto found = world_.trials.find(lost.trial);
  if (found == world_.trials.end()) return;
  TrialState& trial = *found->second;
  const bool waits = trial.row.trial.state() == v1::Trial::STATE_PENDING;
  if (!waits || trial.row.trial.attempt_count() != lost.attempt) return;
  trial.row.trial.set_state_reason(
      absl::StrCat(WhatHappened(lost.attempt, v1::OUTCOME_LOST, cause), "; to be tried again"));
  batch.tx().UpdateTrial(trial.row);
}

void Attempts::GiveUp(Batch& batch, BoardState& board, std::size_t index, const std::string& cause) {
  SpooledAttempt attempt = std::move(board.spooled[index]);
  board.spooled.erase(board.spooled.begin() + static_cast<std::ptrdiff_t>(index));
  Settle(batch, *attempt.trial, std::move(attempt.row), v1::OUTCOME_LOST, cause);
}

void Attempts::Complete(Batch& batch, BoardState& board, const store::ResultSummary& summary,
                        const std::string& reason) {
  // A result proves that the agent holds the lease, even if no report has said so yet.
  if (board.lease->state == scheduler::LeaseState::kPending) SetLease(*board.lease, scheduler::LeaseState::kActive);
  SetLease(*board.lease, scheduler::LeaseState::kCompleted);
  Lease lease = Take(batch, board);
  KeepLatency(batch, board, *lease.trial, summary);
  Settle(batch, *lease.trial, std::move(lease.row), summary.outcome, reason);
}

void Attempts::CompleteSpooled(Batch& batch, BoardState& board, std::size_t index, const store::ResultSummary& summary,
                               const std::string& reason) {
  SpooledAttempt attempt = std::move(board.spooled[index]);
  board.spooled.erase(board.spooled.begin() + static_cast<std::ptrdiff_t>(index));
  KeepLatency(batch, board, *attempt.trial, summary);
  Settle(batch, *attempt.trial, std::move(attempt.row), summary.outcome, reason);
}

void Attempts::EndWaiting(Batch& batch, TrialState& trial, v1::Trial::State to, const std::string& reason) {
  world_.Dequeue(trial);
  SetTrial(batch, trial, to, reason);
}

void Attempts::Leave(Batch& batch, TrialState& trial) {
  v1::SweepProgress& progress = *trial.sweep->row.sweep.mutable_progress();
  progress.set_left_count(progress.left_count() + 1);
  EndWaiting(batch, trial, v1::Trial::STATE_EXPIRED, "left: the sweep's time budget was used up");
}

void Attempts::Settle(Batch& batch, TrialState& trial, store::AttemptRow row, v1::Outcome outcome,
                      const std::string& cause) {
  row.outcome = outcome;
  row.cause = cause;
  row.end_time = batch.wall();
  batch.tx().UpdateAttempt(row);
  batch.AddEvent(shared::AttemptName(trial.row.trial.name(), row.attempt), row.lease_state,
                 WhatHappened(row.attempt, outcome, cause));
  if (scheduler::IsStrike(outcome, cause)) CountStrike(batch, *trial.board, cause);
  v1::SweepProgress& progress = *trial.sweep->row.sweep.mutable_progress();
  if (outcome == v1::OUTCOME_INVALID) progress.set_invalid_attempt_count(progress.invalid_attempt_count() + 1);
  if (outcome == v1::OUTCOME_LOST) progress.set_lost_attempt_count(progress.lost_attempt_count() + 1);
  if (outcome != v1::OUTCOME_UNSPECIFIED) {
    CountOutcome(batch, *trial.board, trial, outcome);
    trial.row.trial.set_outcome(outcome);
  }
  const v1::Trial::State next =
      scheduler::AfterAttempt(outcome, row.attempt, settings_.attempts_per_trial, IsEnding(trial));
  std::string reason = cause;
  if (next == v1::Trial::STATE_PENDING)
    reason = absl::StrCat(WhatHappened(row.attempt, outcome, cause), "; to be tried again");
  if (next == v1::Trial::STATE_FAILED) {
    reason = absl::StrCat("ATTEMPTS_EXHAUSTED: ", WhatHappened(row.attempt, outcome, cause));
  }
  if (next == v1::Trial::STATE_CANCELLED) reason = trial.sweep->row.sweep.state_reason();
  SetTrial(batch, trial, next, reason);
  if (next == v1::Trial::STATE_PENDING && trial.sweep->begins_until <= batch.now()) Leave(batch, trial);
}

void Attempts::CountStrike(Batch& batch, BoardState& board, const std::string& cause) {
  const bool out = scheduler::AddStrike(board.row.record, batch.wall());
  batch.tx().PutBoard(board.row);
  if (!out) return;
  MoveBoardIfAllowed(batch, board, v1::Board::STATE_QUARANTINED,
                     absl::StrCat(board.row.record.strike_times_size(), " strikes in 24 h, the last: ", cause));
}

void Attempts::CountOutcome(Batch& batch, BoardState& board, const TrialState& trial, v1::Outcome outcome) {
  const std::string implementation = trial.ParsedSpec().implementation();
  const auto count = [&batch](Tally& tally) {
    ++tally.count;
    tally.last_time = batch.wall();
  };
  count(board.outcomes[outcome]);
  if (outcome == v1::OUTCOME_HUNG) count(board.hangs[implementation]);
  batch.tx().AddTally({.board = board.row.name,
                       .implementation = implementation,
                       .outcome = outcome,
                       .count = 1,
                       .last_time = batch.wall()});
}

void Attempts::CountCalls(Batch& batch, const std::string& model, const v1::TrialSpec& spec,
                          const shared::CallBuckets& calls) {
  const auto key = std::make_tuple(model, spec.scenario(), static_cast<int>(spec.target_system()));
  const auto found = world_.call_latencies.find(key);
  // Their names are people's and boards': there is an end of what is kept.
  if (found == world_.call_latencies.end() && world_.call_latencies.size() >= settings_.max_call_latencies) return;
  // Copied, since the present ones are in pictures.
  auto grown = std::make_shared<CallLatencies>();
  if (found != world_.call_latencies.end()) *grown = *found->second;
  grown->model = model;
  grown->scenario = spec.scenario();
  grown->target_system = spec.target_system();
  shared::CallBuckets& all = grown->by_implementation[spec.implementation()];
  all.Add(calls);
  batch.tx().PutCallLatency({.model = model,
                             .scenario = spec.scenario(),
                             .target_system = spec.target_system(),
                             .implementation = spec.implementation(),
                             .calls = all});
  world_.call_latencies[key] = std::move(grown);
}

void Attempts::KeepLatency(Batch& batch, BoardState& board, const TrialState& trial,
                           const store::ResultSummary& summary) {
  if (summary.outcome != v1::OUTCOME_COMPLETED || trial.work == scheduler::WorkClass::kExplore) return;
  const v1::TrialSpec spec = trial.ParsedSpec();
  const store::LatencyRow row = {.board = board.row.name,
                                 .scenario = spec.scenario(),
                                 .implementation = spec.implementation(),
                                 .target_system = spec.target_system(),
                                 .summary = summary,
                                 .commit_time = batch.wall()};
  board.latencies[{row.scenario, row.implementation, row.target_system}] = LatestOf(row);
  batch.tx().PutLatency(row);
  const std::string& model = board.row.description.model();
  CountCalls(batch, model.empty() ? "unknown" : model, spec, summary.buckets);
}

}  // namespace crosscall::dispatch
