// The agent protocol's one call: who may speak, what a report means for the board's lease, and when and what to answer.
#ifndef CONTROLLER_DISPATCH_SESSIONS_H_
#define CONTROLLER_DISPATCH_SESSIONS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "controller/dispatch/attempts.h"
#include "controller/dispatch/batch.h"
#include "controller/dispatch/diagnoses.h"
#include "controller/dispatch/settings.h"
#include "controller/dispatch/silences.h"
#include "controller/dispatch/world.h"
#include "controller/store/store.h"

namespace crosscall::dispatch {

class Sessions {
 public:
  Sessions(const Settings& settings, store::Store& store, World& world, Diagnoses& diagnoses)
      : settings_(settings),
        store_(store),
        world_(world),
        diagnoses_(diagnoses),
        attempts_(settings, world),
        silences_(settings, world) {}

  // Applies a call and holds it; AnswerIfDue decides at the end of the batch whether it is answered at once.
  void Synchronize(Batch& batch, std::uint64_t ticket, const v1::SynchronizeRequest& request,
                   Done<v1::SynchronizeResponse> done);
  // The client of a held call went away.
  void Abandon(Batch& batch, std::uint64_t ticket);
  // Ends what is overdue on the board.
  void CheckDeadlines(Batch& batch, BoardState& board);
  // Answers the held call if the desired state is not the reported one, or its time is up.
  void AnswerIfDue(Batch& batch, BoardState& board);

 private:
  absl::Status Admit(Batch& batch, const v1::SynchronizeRequest& request, BoardState*& board, bool& apply);
  absl::StatusOr<BoardState*> FindOrAdd(const v1::SynchronizeRequest& request);
  void TakeOver(Batch& batch, BoardState& board, const v1::SynchronizeRequest& request);
  void CountTakeover(Batch& batch, BoardState& board);
  // A health trial is due before any more work.
  void Recheck(Batch& batch, BoardState& board, const std::string& why);
  void ApplyReport(Batch& batch, BoardState& board, const v1::SynchronizeRequest& request);
  void ApplyDescription(Batch& batch, BoardState& board, const v1::SynchronizeRequest& request);
  // The board's lease has not been renewed in time.
  void Expire(Batch& batch, BoardState& board);
  void ApplyToLease(Batch& batch, BoardState& board, const v1::SynchronizeRequest& request);
  // `arrived`: when the call that is answered did.
  v1::SynchronizeResponse Answer(BoardState& board, absl::Duration arrived);

  const Settings& settings_;
  store::Store& store_;
  World& world_;
  Diagnoses& diagnoses_;
  Attempts attempts_;
  Silences silences_;
};

}  // namespace crosscall::dispatch

#endif  // CONTROLLER_DISPATCH_SESSIONS_H_
