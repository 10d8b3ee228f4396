// The only code that moves a board from state to state.
#ifndef CONTROLLER_DISPATCH_BOARD_CHANGES_H_
#define CONTROLLER_DISPATCH_BOARD_CHANGES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "controller/dispatch/batch.h"
#include "controller/dispatch/world.h"

namespace crosscall::dispatch {

// Who changed a state when nobody gave an order.
inline constexpr absl::string_view kController = "controller";

// Moves the board and writes row and event to the batch. FAILED_PRECONDITION, and nothing changed, if the state machine
// (controller/scheduler/board_states.h) does not list the change.
absl::Status MoveBoard(Batch& batch, BoardState& board, v1::Board::State to, const std::string& reason,
                       absl::string_view by = kController);

// The same, where a board whose state does not allow it stays as it is.
void MoveBoardIfAllowed(Batch& batch, BoardState& board, v1::Board::State to, const std::string& reason);

// Ends the board's held call, if there is one.
void EndHeldCall(Batch& batch, World& world, BoardState& board, absl::Status status);

}  // namespace crosscall::dispatch

#endif  // CONTROLLER_DISPATCH_BOARD_CHANGES_H_
