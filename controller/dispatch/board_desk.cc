#include "controller/dispatch/board_desk.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/dispatch/board_changes.h"
#include "controller/dispatch/board_view.h"
#include "controller/scheduler/board_labels.h"
#include "controller/scheduler/board_states.h"

namespace crosscall::dispatch {
namespace {

using B = v1::Board;

}  // namespace

absl::StatusOr<BoardState*> BoardDesk::Find(const std::string& name) {
  const auto found = world_.boards.find(name);
  // A board that has never had a session is nowhere but in a call that was refused.
  if (found == world_.boards.end() || found->second->row.incarnation_id.empty()) {
    return absl::NotFoundError(
        absl::StrCat("no board \"", name, "\"; `crosscallctl boards list` shows those there are"));
  }
  return found->second.get();
}

absl::StatusOr<v1::Board> BoardDesk::Obey(Batch& batch, const BoardOrder& order) {
  absl::StatusOr<BoardState*> found = Find(order.board);
  if (!found.ok()) return found.status();
  BoardState& board = **found;
  if (absl::Status status = Try(batch, board, order); !status.ok()) return status;
  batch.Touch(board);
  return ViewOf(board, settings_, batch.now(), batch.wall())->board;
}

absl::Status BoardDesk::Try(Batch& batch, BoardState& board, const BoardOrder& order) {
  switch (order.kind) {
    case BoardOrder::Kind::kUpdate:
      return Update(batch, board, order);
    case BoardOrder::Kind::kDrain:
      return Drain(batch, board, order);
    case BoardOrder::Kind::kQuarantine:
      if (board.row.state == B::STATE_QUARANTINED) return absl::OkStatus();
      // Its power may be off at this moment, and must not stay so.
      if (board.row.state == B::STATE_DIAGNOSING) {
        return absl::FailedPreconditionError(absl::StrCat(board.row.name, " is being diagnosed: it ends by itself"));
      }
      return MoveBoard(batch, board, B::STATE_QUARANTINED, order.reason, order.by.Shown());
    case BoardOrder::Kind::kRelease:
      return Release(batch, board, order);
    case BoardOrder::Kind::kRetire:
      return Retire(batch, board, order);
    case BoardOrder::Kind::kSetPower:
      return SetPower(batch, board, order);
  }
  return absl::OkStatus();
}

absl::Status BoardDesk::Update(Batch& batch, BoardState& board, const BoardOrder& order) {
  if (board.row.state == B::STATE_RETIRED) {
    return absl::FailedPreconditionError(absl::StrCat(board.row.name, " is retired: nothing of it changes any more"));
  }
  if (absl::Status status = scheduler::ApplyUpdate(order.update, board.row.record); !status.ok()) return status;
  batch.tx().PutBoard(board.row);
  batch.AddEvent(board.row.name, "record changed", absl::StrCat("by ", order.by.Shown()));
  return absl::OkStatus();
}

absl::Status BoardDesk::SetPower(Batch& batch, BoardState& board, const BoardOrder& order) {
  if (board.row.state == B::STATE_RETIRED) {
    return absl::FailedPreconditionError(absl::StrCat(board.row.name, " is retired: nothing of it changes any more"));
  }
  if (board.PowerIsUsed()) {
    return absl::FailedPreconditionError(
        absl::StrCat(board.row.name, " is being switched with the command it has: it ends by itself"));
  }
  const bool none = order.power.argv().empty();
  if (none) {
    board.row.record.clear_power();
  } else {
    *board.row.record.mutable_power() = order.power;
  }
  batch.tx().PutBoard(board.row);
  batch.AddEvent(board.row.name, "power command",
                 none ? absl::StrCat("none any more; by ", order.by.Shown())
                      : absl::StrCat(order.power.argv(0), "; by ", order.by.Shown()));
  return absl::OkStatus();
}

absl::Status BoardDesk::Switch(Batch& batch, const BoardOrder& order, const Done<v1::SwitchBoardPowerResponse>& done) {
  using Request = v1::SwitchBoardPowerRequest;
  absl::StatusOr<BoardState*> found = Find(order.board);
  if (!found.ok()) return found.status();
  BoardState& board = **found;
  if (!board.CanBeSwitched(settings_)) {
    return absl::FailedPreconditionError(
        absl::StrCat(board.row.name, " has no power command: `crosscallctl boards set-power` says what switches it"));
  }
  if (order.action == Request::ACTION_CYCLE) {
    if (absl::Status status = diagnoses_.OrderCycle(batch, board, order.reason, order.by.Shown()); !status.ok()) {
      return status;
    }
    v1::SwitchBoardPowerResponse response;
    *response.mutable_board() = ViewOf(board, settings_, batch.now(), batch.wall())->board;
    batch.Reply<v1::SwitchBoardPowerResponse>(done, std::move(response));
    return absl::OkStatus();
  }
  const bool idle = board.row.state == B::STATE_QUARANTINED || board.row.state == B::STATE_DRAINED;
  if (order.action != Request::ACTION_STATUS && (!idle || board.lease)) {
    return absl::FailedPreconditionError(absl::StrCat(board.row.name, " is ", scheduler::StateWord(board.row.state),
                                                      ": drain or quarantine it first, or cycle it"));
  }
  const char* const word = order.action == Request::ACTION_STATUS ? "status"
                           : order.action == Request::ACTION_ON   ? "on"
                                                                  : "off";
  PowerJob job = RunOf(board, word, settings_);
  job.answer = done;
  batch.AddEvent(board.row.name, "power",
                 absl::StrCat(word, " ordered by ", order.by.Shown(), order.reason.empty() ? "" : ": ", order.reason));
  batch.RunPower(std::move(job));
  return absl::OkStatus();
}

absl::Status BoardDesk::Drain(Batch& batch, BoardState& board, const BoardOrder& order) {
  if (board.row.state == B::STATE_DRAINED) return absl::OkStatus();
  if (board.row.state != B::STATE_DRAINING) {
    if (absl::Status status = MoveBoard(batch, board, B::STATE_DRAINING, order.reason, order.by.Shown());
        !status.ok()) {
      return status;
    }
  }
  if (order.revoke_lease && board.lease) attempts_.Revoke(batch, board, "its board is drained");
  return absl::OkStatus();
}

absl::Status BoardDesk::Release(Batch& batch, BoardState& board, const BoardOrder& order) {
  if (board.row.state == B::STATE_CHECKING) return absl::OkStatus();
  // An ACTIVE board may be checked by the controller's own decision; released is only what was withheld.
  if (board.row.state == B::STATE_ACTIVE) {
    return absl::FailedPreconditionError(absl::StrCat(board.row.name, " is active: there is nothing to release"));
  }
  if (board.row.state == B::STATE_DIAGNOSING) {
    return absl::FailedPreconditionError(absl::StrCat(board.row.name, " is being diagnosed: it ends by itself"));
  }
  if (absl::Status status = scheduler::CheckTransition(board.row.state, B::STATE_CHECKING); !status.ok()) {
    return absl::FailedPreconditionError(absl::StrCat(board.row.name, ": ", status.message()));
  }
  board.row.record.clear_failed_check_count();
  board.row.record.clear_strike_times();
  board.row.record.clear_wedge_times();
  board.takeovers.Clear();
  board.unhealthy_since.reset();
  const std::string reason = absl::StrCat("released", order.reason.empty() ? "" : ": ", order.reason);
  return MoveBoard(batch, board, B::STATE_CHECKING, reason, order.by.Shown());
}

absl::Status BoardDesk::Retire(Batch& batch, BoardState& board, const BoardOrder& order) {
  if (board.row.state == B::STATE_RETIRED) return absl::OkStatus();
  if (absl::Status status = MoveBoard(batch, board, B::STATE_RETIRED, order.reason, order.by.Shown()); !status.ok()) {
    return status;
  }
  constexpr char kCause[] = "AGENT: its board was retired";
  while (!board.spooled.empty()) attempts_.GiveUp(batch, board, board.spooled.size() - 1, kCause);
  if (board.lease) attempts_.End(batch, board, scheduler::LeaseState::kFenced, v1::OUTCOME_LOST, kCause);
  const std::string never =
      absl::StrCat("NO_RESOURCE: ", scheduler::WhyNoWork(board.row.name, board.row.state, order.reason));
  std::vector<TrialState*> waiting;
  for (const auto& [sweep, trials] : board.pending) {
    for (const auto& [rank, trial] : trials) waiting.push_back(trial);
  }
  for (TrialState* const trial : waiting) {
    attempts_.EndWaiting(batch, *trial, v1::Trial::STATE_FAILED, never);
  }
  EndHeldCall(batch, world_, board, absl::AbortedError(absl::StrCat(board.row.name, " was retired: exit")));
  // Nobody speaks for it any more.
  board.last_sequence = 0;
  return absl::OkStatus();
}

}  // namespace crosscall::dispatch
