// What operators order of boards.
#ifndef CONTROLLER_DISPATCH_BOARD_DESK_H_
#define CONTROLLER_DISPATCH_BOARD_DESK_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/dispatch/attempts.h"
#include "controller/dispatch/batch.h"
#include "controller/dispatch/diagnoses.h"
#include "controller/dispatch/done.h"
#include "controller/dispatch/settings.h"
#include "controller/dispatch/world.h"
#include "crosscall/v1/board_service.pb.h"

namespace crosscall::dispatch {

// The request was checked (proto/shared/validate.h) and its texts were made harmless.
struct BoardOrder {
  enum class Kind { kUpdate, kDrain, kQuarantine, kRelease, kRetire, kSetPower };
  Kind kind = Kind::kUpdate;
  // `boards/{board}`
  std::string board;
  std::string reason;
  Requester by;
  // kDrain: end the lease now.
  bool revoke_lease = false;
  // kUpdate: what to change.
  v1::UpdateBoardRequest update;
  // kSetPower: the command; none without arguments.
  v1::PowerCommand power;
  // Of Switch.
  v1::SwitchBoardPowerRequest::Action action = v1::SwitchBoardPowerRequest::ACTION_UNSPECIFIED;
};

class BoardDesk {
 public:
  BoardDesk(const Settings& settings, World& world, Diagnoses& diagnoses)
      : settings_(settings), world_(world), diagnoses_(diagnoses), attempts_(settings, world) {}

  // Carries the order out and returns the board. An order whose aim is reached already changes nothing, so that it may
  // be repeated. Codes: NOT_FOUND, FAILED_PRECONDITION.
  absl::StatusOr<v1::Board> Obey(Batch& batch, const BoardOrder& order);

  // Has the board's power read or switched; `done` is answered when that has ended, or with a cycle when it has begun.
  // With an error it is the caller's to answer. Codes: NOT_FOUND, FAILED_PRECONDITION, RESOURCE_EXHAUSTED.
  absl::Status Switch(Batch& batch, const BoardOrder& order, const Done<v1::SwitchBoardPowerResponse>& done);

 private:
  absl::StatusOr<BoardState*> Find(const std::string& name);
  absl::Status SetPower(Batch& batch, BoardState& board, const BoardOrder& order);
  absl::Status Try(Batch& batch, BoardState& board, const BoardOrder& order);
  absl::Status Update(Batch& batch, BoardState& board, const BoardOrder& order);
  absl::Status Drain(Batch& batch, BoardState& board, const BoardOrder& order);
  absl::Status Release(Batch& batch, BoardState& board, const BoardOrder& order);
  absl::Status Retire(Batch& batch, BoardState& board, const BoardOrder& order);

  const Settings& settings_;
  World& world_;
  Diagnoses& diagnoses_;
  Attempts attempts_;
};

}  // namespace crosscall::dispatch

#endif  // CONTROLLER_DISPATCH_BOARD_DESK_H_
