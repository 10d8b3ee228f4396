#include "controller/dispatch/silences.h"

#include <utility>

#include "controller/scheduler/silence.h"
#include "proto/shared/proto_time.h"

namespace crosscall::dispatch {
namespace {

SilenceState Begin(const BoardState& board) {
  SilenceState silence;
  silence.since = board.last_contact;
  silence.age_before = board.last_age;
  return silence;
}

}  // namespace

void Silences::NoteLoss(BoardState& board) {
  board.silence = Begin(board);
  const Lease& lease = *board.lease;
  board.silence->lost = LostAttempt{lease.row.trial_id, lease.trial->row.trial.name(), lease.row.attempt};
}

bool Silences::Returns(const Batch& batch, const BoardState& board) const {
  if (board.row.state == v1::Board::STATE_DIAGNOSING && board.row.record.diagnosis().ordered_by().empty()) {
    return board.last_contact <= board.heard_after;
  }
  return board.last_age && board.IsSilent(settings_, batch.now());
}

void Silences::Hear(Batch& batch, BoardState& board, const v1::SynchronizeRequest& request) {
  if (!board.silence && Returns(batch, board)) board.silence = Begin(board);
  const bool says = request.has_life_signs();
  const v1::LifeSigns& signs = request.life_signs();
  if (board.silence) {
    SilenceState& silence = *board.silence;
    const bool first = !silence.first;
    if (first) silence.lasted = batch.now() - silence.since;
    if (first && says) {
      silence.first = signs;
    } else {
      scheduler::SilenceFacts told;
      told.lasted = silence.lasted;
      if (says) told.signs = scheduler::Together(*silence.first, signs);
      if (says && silence.age_before) {
        told.elapsed = batch.now() - silence.since;
        told.aged = shared::SpanOf(signs.age()) - *silence.age_before;
      }
      Explain(batch, board, scheduler::WhySilent(told));
    }
  }
  board.last_age.reset();
  if (says) board.last_age = shared::SpanOf(signs.age());
}

void Silences::EndByTakeOver(Batch& batch, BoardState& board, const std::string& cause) {
  if (board.silence) Explain(batch, board, cause);
  board.last_age.reset();
  board.why_silent.clear();
}

void Silences::Explain(Batch& batch, BoardState& board, const std::string& why) {
  const SilenceState silence = *std::move(board.silence);
  board.silence.reset();
  board.why_silent = why;
  batch.AddEvent(board.row.name, "heard again", why);
  if (silence.lost) attempts_.Explain(batch, board, *silence.lost, why);
}

}  // namespace crosscall::dispatch
