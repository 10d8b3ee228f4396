#include "controller/dispatch/intake.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/shared/resource_name.h"

namespace crosscall::dispatch {
namespace {

bool IsOf(const CheckedResult& result, const TrialState& trial, std::uint32_t attempt) {
  return trial.row.trial.name() == result.trial && attempt == result.attempt;
}

v1::UploadResultResponse Acknowledged(const CheckedResult& result, bool superseded) {
  v1::UploadResultResponse response;
  response.set_received_bytes(result.sent_bytes);
  response.set_committed(true);
  response.set_superseded(superseded);
  return response;
}

}  // namespace

void Intake::Accept(Batch& batch, const CheckedResult& result, Done<v1::UploadResultResponse> done) {
  batch.Reply<v1::UploadResultResponse>(std::move(done), Decide(batch, result));
}

void Intake::Count(Batch& batch, const std::string& name) {
  ++world_.counts[name];
  batch.tx().AddCount(name);
}

absl::StatusOr<v1::UploadResultResponse> Intake::Decide(Batch& batch, const CheckedResult& result) {
  absl::StatusOr<absl::optional<store::TrialRow>> trial = store_.FindTrial(result.trial);
  if (!trial.ok()) return trial.status();
  if (!trial->has_value()) {
    CountRejected(batch, kUnknown);
    return absl::NotFoundError(absl::StrCat("no trial \"", result.trial, "\": set the result aside"));
  }
  const store::TrialRow& row = **trial;
  if (row.trial.board() != result.board) {
    CountRejected(batch, kForeign);
    batch.AddEvent(result.board, "refused upload", shared::AttemptName(result.trial, result.attempt));
    return absl::PermissionDeniedError(absl::StrCat(result.trial, " is a trial of ", row.trial.board(), ", not of ",
                                                    result.board, ": set the result aside"));
  }
  if (result.attempt > row.trial.attempt_count()) {
    CountRejected(batch, kUnknown);
    return absl::NotFoundError(absl::StrCat(result.trial, " has ", row.trial.attempt_count(), " attempts, not ",
                                            result.attempt, ": set the result aside"));
  }
  absl::StatusOr<std::vector<store::StoredResult>> stored = store_.FindResults(row.id, result.attempt);
  if (!stored.ok()) return stored.status();
  for (const store::StoredResult& known : *stored) {
    if (known.sha256 != result.sha256) continue;
    CountRejected(batch, kDuplicate);
    return Acknowledged(result, known.evidence);
  }
  Count(batch, kResultsReceived);
  const absl::optional<OpenAttempt> open = FindOpen(result);
  batch.tx().InsertResult({.trial_id = row.id,
                           .attempt = result.attempt,
                           .evidence = !open.has_value(),
                           .sha256 = result.sha256,
                           .payload = result.payload,
                           .summary = result.summary,
                           .commit_time = batch.wall()});
  if (open) {
    Complete(batch, *open, result);
  } else {
    batch.AddEvent(shared::AttemptName(result.trial, result.attempt), "evidence",
                   "a result came when the attempt had ended");
  }
  return Acknowledged(result, !open.has_value());
}

absl::optional<Intake::OpenAttempt> Intake::FindOpen(const CheckedResult& result) const {
  const auto found = world_.boards.find(result.board);
  if (found == world_.boards.end()) return absl::nullopt;
  BoardState& board = *found->second;
  if (board.lease && IsOf(result, *board.lease->trial, board.lease->row.attempt)) {
    return OpenAttempt{.board = &board, .spooled = absl::nullopt};
  }
  if (board.diagnosed && IsOf(result, *board.diagnosed->trial, board.diagnosed->row.attempt)) {
    return OpenAttempt{.board = &board, .spooled = absl::nullopt, .diagnosed = true};
  }
  for (std::size_t i = 0; i < board.spooled.size(); ++i) {
    if (IsOf(result, *board.spooled[i].trial, board.spooled[i].row.attempt)) {
      return OpenAttempt{.board = &board, .spooled = i};
    }
  }
  return absl::nullopt;
}

void Intake::Complete(Batch& batch, const OpenAttempt& open, const CheckedResult& result) {
  if (open.diagnosed) {
    attempts_.CompleteDiagnosed(batch, *open.board, result.summary, result.reason);
  } else if (open.spooled) {
    attempts_.CompleteSpooled(batch, *open.board, *open.spooled, result.summary, result.reason);
  } else {
    attempts_.Complete(batch, *open.board, result.summary, result.reason);
  }
}

}  // namespace crosscall::dispatch
