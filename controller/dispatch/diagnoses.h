// Boards that do not answer: what is found out about them, and their power. The policy is controller/scheduler's
// power_cycle.h and power_verdict.h; here its steps are stored, one before the next begins, and carried out.
//
// Only boards with a power command are diagnosed. The diagnosis is part of the board's record, so that a controller
// that starts finds each where it was.
#ifndef CONTROLLER_DISPATCH_DIAGNOSES_H_
#define CONTROLLER_DISPATCH_DIAGNOSES_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "controller/dispatch/attempts.h"
#include "controller/dispatch/batch.h"
#include "controller/dispatch/power_port.h"
#include "controller/dispatch/settings.h"
#include "controller/dispatch/world.h"
#include "controller/scheduler/power_cycle.h"
#include "controller/scheduler/power_verdict.h"

namespace crosscall::dispatch {

// One run of the board's power command.
PowerJob RunOf(const BoardState& board, const std::string& word, const Settings& settings);

class Diagnoses {
 public:
  Diagnoses(const Settings& settings, World& world) : settings_(settings), world_(world), attempts_(settings, world) {}

  // The board's lease has expired. True if the board is silent and what became of it is now being found out; false: its
  // attempt is to be ended as ever, for `cause` if that was set.
  bool BeginForLease(Batch& batch, BoardState& board, std::string& cause);

  // Another session with another boot took the board, whose lease is still open and whose spool does not list it. True
  // if what the former boot left behind says how it ended: then the attempt is settled.
  bool SettleByBoot(Batch& batch, BoardState& board, const v1::SynchronizeRequest& request);

  // Does what is due for the board, for each board of a batch: begins for one that has been silent too long, goes on,
  // or closes when it came back. Doing it twice changes nothing.
  void Tend(Batch& batch, BoardState& board);

  // The same for the boot that the board's lease asks for: begins it, goes on, and gives the lease to the new session,
  // or ends it. The board is well, and stays in its state.
  void TendPlan(Batch& batch, BoardState& board);
  // A session of that boot is the one which the board's plan waits for.
  bool IsPlannedBoot(const BoardState& board, const std::string& boot_id) const;

  // A run of its command has ended.
  void TakeReport(Batch& batch, const PowerJob& job, const scheduler::CommandReport& report);

  // A person orders a cycle. Codes: FAILED_PRECONDITION, RESOURCE_EXHAUSTED.
  absl::Status OrderCycle(Batch& batch, BoardState& board, const std::string& reason, const std::string& by);

 private:
  bool LabIsSilent(const Batch& batch) const;
  // Not without an alert, which is given once for a silence of the lab.
  bool IsHeldBack(Batch& batch, BoardState& board);
  // `attempt` empty: the board was idle.
  void Begin(Batch& batch, BoardState& board, const std::string& reason, const std::string& attempt,
             const std::string& by);
  bool HasReturned(const Batch& batch, const BoardState& board) const;
  void CloseByReturn(Batch& batch, BoardState& board);
  void BeginPlan(Batch& batch, BoardState& board);
  void EndPlan(Batch& batch, BoardState& board, const std::string& conclusion);
  void FailPlan(Batch& batch, BoardState& board, const std::string& cause, bool quarantine);
  // Does what the step under way is due for.
  void Advance(Batch& batch, BoardState& board);
  scheduler::PowerScene SceneOf(const Batch& batch, BoardState& board) const;
  // `known_steps`: how many the diagnosis had before.
  void Follow(Batch& batch, BoardState& board, int known_steps, const scheduler::Course& course);
  // Settles the attempt, if one is open, and moves the board.
  void Close(Batch& batch, BoardState& board, const scheduler::PowerVerdict& verdict, const std::string& quarantine);
  // What all ends have in common. The board is not stored by it.
  static void Conclude(BoardState& board, const std::string& conclusion);
  // The board left DIAGNOSING by another way: two machines with its name, for example.
  void CutShort(Batch& batch, BoardState& board);
  void AnswerOrder(Batch& batch, BoardState& board, const PowerJob& job, const scheduler::CommandReport& report);
  void StartRun(Batch& batch, BoardState& board);
  // Stores the diagnosis and keeps its deadline.
  void Keep(Batch& batch, BoardState& board);

  const Settings& settings_;
  World& world_;
  Attempts attempts_;
  std::uint64_t last_job_ = 0;
  absl::Duration alerted_until_ = -absl::InfiniteDuration();
};

}  // namespace crosscall::dispatch

#endif  // CONTROLLER_DISPATCH_DIAGNOSES_H_
