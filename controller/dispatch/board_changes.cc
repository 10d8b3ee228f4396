#include "controller/dispatch/board_changes.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/scheduler/board_states.h"
#include "proto/shared/log.h"
#include "proto/shared/proto_time.h"

namespace crosscall::dispatch {

absl::Status MoveBoard(Batch& batch, BoardState& board, v1::Board::State to, const std::string& reason,
                       absl::string_view by) {
  store::BoardRow& row = board.row;
  if (absl::Status allowed = scheduler::CheckTransition(row.state, to); !allowed.ok()) {
    return absl::FailedPreconditionError(absl::StrCat(row.name, ": ", allowed.message()));
  }
  row.state = to;
  row.state_reason = reason;
  *row.record.mutable_state_time() = shared::TimestampOf(batch.wall());
  row.record.set_state_by(std::string(by));
  batch.tx().PutBoard(row);
  const std::string word = scheduler::StateWord(to);
  const std::string detail = absl::StrCat(reason, reason.empty() ? "" : "; ", "by ", by);
  batch.AddEvent(row.name, word, detail);
  if (to == v1::Board::STATE_QUARANTINED) {
    shared::LogWarning("dispatch", absl::StrCat(row.name, " ", word, ": ", detail));
  }
  batch.Touch(board);
  return absl::OkStatus();
}

void MoveBoardIfAllowed(Batch& batch, BoardState& board, v1::Board::State to, const std::string& reason) {
  MoveBoard(batch, board, to, reason).IgnoreError();
}

void EndHeldCall(Batch& batch, World& world, BoardState& board, absl::Status status) {
  if (!board.held) return;
  world.tickets.erase(board.held->ticket);
  batch.Reply<v1::SynchronizeResponse>(std::move(board.held->done), std::move(status));
  board.held.reset();
  batch.Touch(board);
}

}  // namespace crosscall::dispatch
