#include "controller/dispatch/health_checks.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "controller/dispatch/board_changes.h"
#include "controller/scheduler/board_states.h"
#include "controller/scheduler/health_trial.h"
#include "proto/shared/check.h"
#include "proto/shared/proto_time.h"

namespace crosscall::dispatch {
namespace {

using B = v1::Board;

void Move(Batch& batch, BoardState& board, B::State to, const std::string& reason) {
  const absl::Status moved = MoveBoard(batch, board, to, reason);
  CROSSCALL_CHECK(moved.ok(), moved.message());
}

std::string WhatItSaid(const v1::Trial& trial) {
  const absl::string_view outcome = absl::StripPrefix(v1::Outcome_Name(trial.outcome()), "OUTCOME_");
  if (trial.state_reason().empty()) return std::string(outcome);
  return absl::StrCat(outcome, ", ", trial.state_reason());
}

}  // namespace

void HealthChecks::Tend(Batch& batch, BoardState& board) {
  Judge(batch, board);
  if (board.row.state == B::STATE_DRAINING && !board.lease) {
    Move(batch, board, B::STATE_DRAINED, board.row.state_reason);
  }
  if (board.row.state == B::STATE_ACTIVE && board.SelfCheckFailsAt(settings_) <= batch.now()) {
    Move(batch, board, B::STATE_QUARANTINED,
         absl::StrCat("its self-check fails since ", absl::FormatDuration(settings_.self_check_grace), ": ",
                      board.health));
  }
  if (enabled() && board.row.state == B::STATE_ACTIVE && !board.lease && board.check_due <= batch.now()) {
    Move(batch, board, B::STATE_CHECKING, "its health trial is due");
  }
  if (board.row.state != B::STATE_CHECKING) return;
  if (!enabled()) return Pass(batch, board, "");
  if (!board.row.record.check_sweep().empty()) return;
  if (!scheduler::WhyNotReachable(board.Standing(settings_, batch.now()))) Start(batch, board);
}

void HealthChecks::Judge(Batch& batch, BoardState& board) {
  const std::string name = board.row.record.check_sweep();
  if (name.empty()) return;
  const auto found = world_.sweeps_by_name.find(name);
  CROSSCALL_CHECK(found != world_.sweeps_by_name.end(), "a health trial is judged in the batch that ends it");
  TrialState& trial = found->second->trials.front();
  if (board.row.state != B::STATE_CHECKING) {
    v1::CancelSweepRequest request;
    request.set_name(name);
    request.set_reason(absl::StrCat(board.row.name, " is ", scheduler::StateWord(board.row.state)));
    // Cancelling twice is no error, and the sweep is there.
    desk_.Cancel(batch, request, Requester()).IgnoreError();
    return Forget(batch, board);
  }
  if (trial.row.trial.state() == v1::Trial::STATE_PENDING) {
    const auto never = scheduler::WhyBoardCannotRun(board.Standing(settings_, batch.now()), trial.ParsedSpec(), "");
    if (never) {
      attempts_.EndWaiting(batch, trial, v1::Trial::STATE_FAILED, absl::StrCat("NO_RESOURCE: ", *never));
    }
  }
  const v1::Trial& row = trial.row.trial;
  switch (scheduler::ResultOfCheck(row)) {
    case scheduler::CheckResult::kOpen:
      return;
    case scheduler::CheckResult::kNothing:
      return Forget(batch, board);
    case scheduler::CheckResult::kPassed:
      Forget(batch, board);
      return Pass(batch, board, absl::StrCat("passed its health trial ", name));
    case scheduler::CheckResult::kFailed:
      Forget(batch, board);
      return Fail(batch, board, absl::StrCat(WhatItSaid(row), " in ", name));
  }
}

void HealthChecks::Forget(Batch& batch, BoardState& board) {
  board.row.record.clear_check_sweep();
  batch.tx().PutBoard(board.row);
}

void HealthChecks::Pass(Batch& batch, BoardState& board, const std::string& reason) {
  v1::BoardRecord& record = board.row.record;
  record.clear_failed_check_count();
  record.clear_strike_times();
  if (enabled()) {
    *record.mutable_check_time() = shared::TimestampOf(batch.wall());
    board.check_due = batch.now() + settings_.health_period;
  }
  Move(batch, board, B::STATE_ACTIVE, reason);
}

void HealthChecks::Fail(Batch& batch, BoardState& board, const std::string& why) {
  v1::BoardRecord& record = board.row.record;
  record.set_failed_check_count(record.failed_check_count() + 1);
  batch.tx().PutBoard(board.row);
  batch.AddEvent(board.row.name, "check failed", why);
  if (record.failed_check_count() < scheduler::kFailedCheckLimit) return;
  Move(batch, board, B::STATE_QUARANTINED,
       absl::StrCat("its health trial failed ", record.failed_check_count(), " times, the last time: ", why));
}

absl::StatusOr<std::string> HealthChecks::Ask(Batch& batch, const BoardState& board) {
  absl::StatusOr<v1::SweepSpec> spec = scheduler::HealthSweep(board.row.name, board.row.description);
  if (!spec.ok()) return spec.status();
  return desk_.CreateOwn(batch, *spec, "check");
}

void HealthChecks::Start(Batch& batch, BoardState& board) {
  absl::StatusOr<std::string> name = Ask(batch, board);
  // The store's trouble is not the board's.
  if (absl::IsUnavailable(name.status()) || absl::IsDataLoss(name.status())) return;
  if (!name.ok()) {
    // Such a board can never pass; nothing is gained by a second try.
    return Move(batch, board, B::STATE_QUARANTINED, absl::StrCat("it cannot be checked: ", name.status().message()));
  }
  board.row.record.set_check_sweep(*std::move(name));
  batch.tx().PutBoard(board.row);
}

}  // namespace crosscall::dispatch
