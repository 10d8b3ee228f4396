// The part of Diagnoses that is about boots which leases ask for.
#include "absl/strings/str_cat.h"
#include "controller/dispatch/board_changes.h"
#include "controller/dispatch/diagnoses.h"
#include "proto/shared/resource_name.h"

namespace crosscall::dispatch {
namespace {

using D = v1::Diagnosis;

// The lease that asked for the boot which is under way; null if it has ended meanwhile.
Lease* LeaseOfPlan(BoardState& board) {
  if (!board.lease || !board.lease->awaits_boot) return nullptr;
  const std::string name = shared::AttemptName(board.lease->trial->row.trial.name(), board.lease->row.attempt);
  return board.row.record.diagnosis().attempt() == name ? &*board.lease : nullptr;
}

}  // namespace

bool Diagnoses::IsPlannedBoot(const BoardState& board, const std::string& boot_id) const {
  const D& diagnosis = board.row.record.diagnosis();
  return board.PlansBoot() && diagnosis.switched() && boot_id != diagnosis.boot_id();
}

void Diagnoses::BeginPlan(Batch& batch, BoardState& board) {
  const std::string attempt = shared::AttemptName(board.lease->trial->row.trial.name(), board.lease->row.attempt);
  const scheduler::Silence none = {.reason = "its lease asks for a boot of its own",
                                   .ordered_by = std::string(kController),
                                   .attempt = attempt,
                                   .boot_id = board.row.boot_id,
                                   .incarnation_id = board.row.incarnation_id,
                                   .known_crash_log = board.row.description.crash_log().id(),
                                   .since = batch.wall()};
  D& diagnosis = *board.row.record.mutable_diagnosis();
  diagnosis = scheduler::BeginDiagnosis(none, settings_.power_rules, batch.wall());
  diagnosis.set_planned(true);
  batch.AddEvent(board.row.name, "planned boot", absl::StrCat("for ", attempt));
  Keep(batch, board);
}

void Diagnoses::TendPlan(Batch& batch, BoardState& board) {
  if (board.lease && board.lease->awaits_boot && !board.PlansBoot()) BeginPlan(batch, board);
  if (!board.PlansBoot()) return;
  if (HasReturned(batch, board)) {
    if (!IsPlannedBoot(board, board.row.boot_id)) {
      return FailPlan(batch, board, "POWER: power step not verified: its boot is the one from before it was switched",
                      true);
    }
    const bool waits = LeaseOfPlan(board) != nullptr;
    EndPlan(batch, board, absl::StrCat("it came back by another boot, ", board.row.boot_id));
    if (waits) attempts_.Booted(batch, board);
    return;
  }
  Advance(batch, board);
}

void Diagnoses::EndPlan(Batch& batch, BoardState& board, const std::string& conclusion) {
  Conclude(board, conclusion);
  batch.AddEvent(board.row.name, "planned boot", conclusion);
  batch.tx().PutBoard(board.row);
  batch.Touch(board);
}

void Diagnoses::FailPlan(Batch& batch, BoardState& board, const std::string& cause, bool quarantine) {
  const bool waits = LeaseOfPlan(board) != nullptr;
  EndPlan(batch, board, cause);
  if (quarantine) MoveBoardIfAllowed(batch, board, v1::Board::STATE_QUARANTINED, cause);
  if (waits) attempts_.End(batch, board, scheduler::LeaseState::kFenced, v1::OUTCOME_LOST, cause);
}

}  // namespace crosscall::dispatch
