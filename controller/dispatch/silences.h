// Boards that are heard again: why they were silent is found out (controller/scheduler/silence.h) and told, to the
// board's history and to the attempt that was lost by it.
//
// It takes two calls, of which the first is answered at once: what the first says is as old as its sending, which may
// be long ago.
#ifndef CONTROLLER_DISPATCH_SILENCES_H_
#define CONTROLLER_DISPATCH_SILENCES_H_

#include <string>

#include "controller/dispatch/attempts.h"
#include "controller/dispatch/batch.h"
#include "controller/dispatch/settings.h"
#include "controller/dispatch/world.h"

namespace crosscall::dispatch {

class Silences {
 public:
  Silences(const Settings& settings, World& world) : settings_(settings), attempts_(settings, world) {}

  // The board's lease is about to end as LOST, since it is not heard.
  static void NoteLoss(BoardState& board);
  // A call of the open session, before it counts as the last contact. Its answer must not be held while the board's
  // silence is not explained.
  void Hear(Batch& batch, BoardState& board, const v1::SynchronizeRequest& request);
  // Another session takes the board: `cause` is why.
  void EndByTakeOver(Batch& batch, BoardState& board, const std::string& cause);

 private:
  bool Returns(const Batch& batch, const BoardState& board) const;
  void Explain(Batch& batch, BoardState& board, const std::string& why);

  const Settings& settings_;
  Attempts attempts_;
};

}  // namespace crosscall::dispatch

#endif  // CONTROLLER_DISPATCH_SILENCES_H_
