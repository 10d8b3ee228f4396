// The life of attempts and trials: the only code that moves them from state to state.
//
// Each function changes the world and writes the same change to the batch's transaction; the state machines of
// controller/scheduler/transitions.h are asked each time.
#ifndef CONTROLLER_DISPATCH_ATTEMPTS_H_
#define CONTROLLER_DISPATCH_ATTEMPTS_H_

#include <string>

#include "controller/dispatch/batch.h"
#include "controller/dispatch/settings.h"
#include "controller/dispatch/world.h"

namespace crosscall::dispatch {

class Attempts {
 public:
  Attempts(const Settings& settings, World& world) : settings_(settings), world_(world) {}

  // A fresh lease of a waiting trial on its board, which is free.
  void Grant(Batch& batch, TrialState& trial);
  // A report lists the board's lease.
  void Renew(Batch& batch, BoardState& board);
  // The boot that the board's lease asked for has come, with the session that is open now.
  void Booted(Batch& batch, BoardState& board);
  // The board's lease is no longer desired; for the first reason, if there are several.
  void Revoke(Batch& batch, BoardState& board, const std::string& reason);
  // The board's lease ends without a result. `outcome` is LOST, or UNSPECIFIED if it could not start or was revoked.
  void End(Batch& batch, BoardState& board, scheduler::LeaseState to, v1::Outcome outcome, const std::string& cause);
  // Another session took the board, whose spool lists the lease's result: wait for it.
  void WaitForSpool(Batch& batch, BoardState& board);
  // The board's lease has expired, and what became of it is to be found out.
  void Diagnose(Batch& batch, BoardState& board, const std::string& reason);
  // That was found out. The diagnosis becomes the attempt's own result, or with LOST its evidence.
  void Establish(Batch& batch, BoardState& board, v1::Outcome outcome, const std::string& cause,
                 const v1::Diagnosis& diagnosis);
  // Its sweep ends before that is known: the attempt is LOST, what was found so far its evidence. The board's diagnosis
  // goes on without it.
  void LeaveDiagnosis(Batch& batch, BoardState& board, const std::string& cause);
  // The result of the attempt that is diagnosed is in a spool that survived: wait for it.
  void AwaitDiagnosed(Batch& batch, BoardState& board);
  // The board's lease ends by another boot, and what the former one left behind says how.
  void EndFound(Batch& batch, BoardState& board, v1::Outcome outcome, const std::string& cause,
                const v1::Diagnosis& diagnosis);
  // The result of the attempt that is diagnosed came after all.
  void CompleteDiagnosed(Batch& batch, BoardState& board, const store::ResultSummary& summary,
                         const std::string& reason);
  // What made an attempt LOST is known now. Its outcome stays.
  void Explain(Batch& batch, BoardState& board, const LostAttempt& lost, const std::string& cause);
  // A fenced attempt whose result did not come.
  void GiveUp(Batch& batch, BoardState& board, std::size_t index, const std::string& cause);
  // The result of the board's lease, or of its spooled attempt `index`, is stored.
  void Complete(Batch& batch, BoardState& board, const store::ResultSummary& summary, const std::string& reason);
  void CompleteSpooled(Batch& batch, BoardState& board, std::size_t index, const store::ResultSummary& summary,
                       const std::string& reason);
  // The time budget of its sweep is used up: a waiting trial is not begun any more.
  void Leave(Batch& batch, TrialState& trial);
  // A waiting trial ends without an attempt.
  void EndWaiting(Batch& batch, TrialState& trial, v1::Trial::State to, const std::string& reason);

 private:
  // What the sweep runs there from now on.
  void Pin(Batch& batch, SweepState& sweep, const BoardState& board);
  void SetLease(Lease& lease, scheduler::LeaseState to);
  // The board's lease, which is the board's no more.
  Lease Take(Batch& batch, BoardState& board);
  void SetTrial(Batch& batch, TrialState& trial, v1::Trial::State to, const std::string& reason);
  // Writes the end of an attempt and decides what becomes of its trial.
  void Settle(Batch& batch, TrialState& trial, store::AttemptRow row, v1::Outcome outcome, const std::string& cause);
  void StoreDiagnosis(Batch& batch, const store::AttemptRow& row, v1::Outcome outcome, const std::string& cause,
                      const v1::Diagnosis& diagnosis);
  // The board is to blame for the end of an attempt.
  void CountStrike(Batch& batch, BoardState& board, const std::string& cause);
  void CountOutcome(Batch& batch, BoardState& board, const TrialState& trial, v1::Outcome outcome);
  // Adds the calls of a completed trial to those of all boards of the model.
  void CountCalls(Batch& batch, const std::string& model, const v1::TrialSpec& spec, const shared::CallBuckets& calls);
  void KeepLatency(Batch& batch, BoardState& board, const TrialState& trial, const store::ResultSummary& summary);

  const Settings& settings_;
  World& world_;
};

}  // namespace crosscall::dispatch

#endif  // CONTROLLER_DISPATCH_ATTEMPTS_H_
