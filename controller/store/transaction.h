// One write transaction of the dispatcher.
#ifndef CONTROLLER_STORE_TRANSACTION_H_
#define CONTROLLER_STORE_TRANSACTION_H_

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "controller/store/access_rows.h"
#include "controller/store/rows.h"
#include "proto/shared/clock.h"

namespace crosscall::store {

class Operations;
class Writer;

// The first error stays and makes every later write a no-op; Commit returns it. Without Commit, or when it fails,
// nothing of the transaction is in the store. Not thread-safe. Begins at the first write, so that a batch without one
// costs none.
class Transaction {
 public:
  // Counts its commit, if there was anything to commit. All outlive the transaction.
  Transaction(Writer& writer, Operations& operations, const shared::Clock& clock);
  // Rolls back unless committed.
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  // Inserts or replaces.
  void PutBoard(const BoardRow& row);
  // Opens a session and closes every other one of the board.
  void OpenSession(absl::string_view board, absl::string_view incarnation_id, absl::string_view boot_id,
                   absl::Time time);
  void InsertSweep(const SweepRow& row);
  // State, reason, progress, coverage, times and end cause of the sweep `row.number`.
  void UpdateSweep(const SweepRow& row);
  void InsertTrial(const TrialRow& row);
  // State, attempts, outcome, reason and end time of the trial `row.id`.
  void UpdateTrial(const TrialRow& row);
  void InsertPin(const PinRow& row);
  void InsertAttempt(const AttemptRow& row);
  // Incarnation, lease state, outcome, cause, expiry and end of the attempt.
  void UpdateAttempt(const AttemptRow& row);
  // Another cause for an attempt that is LOST; nothing else of it changes.
  void ExplainAttempt(std::int64_t trial_id, std::uint32_t attempt, absl::string_view cause);
  // Adds to the hangs index too, if it is the attempt's own, and HUNG or WEDGED.
  void InsertResult(const ResultRow& row);
  // Counts one ended attempt.
  void AddTally(const TallyRow& row);
  // Replaces the latest of the same board, scenario, implementation and target system.
  void PutLatency(const LatencyRow& row);
  // Replaces all calls of the same model, scenario, target system and implementation.
  void PutCallLatency(const CallLatencyRow& row);
  // Adds one to what is counted under that name.
  void AddCount(absl::string_view name);
  // Inserts, or replaces what changes in a schedule: pause, reason, progress in time, record, removal.
  void PutSchedule(const ScheduleRow& row);
  // A second firing of a nominal time is FAILED_PRECONDITION.
  void InsertFiring(const FiringRow& row);
  void AddEvent(const EventRow& row);
  // Retention has taken from the payload of a result, at `time`: it is `payload` now. Once each.
  void ShrinkPayload(std::int64_t result_id, absl::string_view payload, absl::Time time);
  // Retention has looked at it and found nothing to take.
  void SettlePayload(std::int64_t result_id);
  // All events up to that one.
  void RemoveEvents(std::int64_t last_id);
  // Counts what retention has removed.
  void AddRemovals(absl::string_view kind, std::uint64_t count, absl::Time time);
  void AddJoinToken(const JoinTokenRow& row);
  // The token must be unused.
  void EndJoinToken(absl::string_view sha256, absl::string_view cause, absl::Time time);
  // Every unused one of an identity.
  void EndJoinTokensOf(absl::string_view identity, absl::string_view cause, absl::Time time);
  void AddCertificate(const CertificateRow& row);
  // The certificate must not be revoked.
  void RevokeCertificate(absl::string_view serial, absl::string_view reason, absl::Time time);
  void AddAudit(const AuditRow& row);

  // Ends the transaction either way: after an error it is rolled back when this returns.
  absl::Status Commit();

 private:
  // Begins if needed and runs `write`, unless there was an error.
  void Write(const std::function<absl::Status()>& write);

  void RollBack();

  Writer& writer_;
  Operations& operations_;
  const shared::Clock& clock_;
  absl::Status status_;
  bool open_ = false;
};

}  // namespace crosscall::store

#endif  // CONTROLLER_STORE_TRANSACTION_H_
