// The SQL of every write. Each method runs one prepared statement on the writing connection.
#ifndef CONTROLLER_STORE_WRITER_H_
#define CONTROLLER_STORE_WRITER_H_

#include <functional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "controller/store/access_rows.h"
#include "controller/store/connection.h"
#include "controller/store/rows.h"

namespace crosscall::store {

// Not thread-safe. `connection` outlives the writer.
class Writer {
 public:
  using Fault = std::function<absl::Status(absl::string_view operation)>;

  Writer(Connection& connection, Fault fault) : connection_(connection), fault_(std::move(fault)) {}

  absl::Status Begin();
  absl::Status Commit();
  void Rollback();
  // The injected error for a write, or OK.
  absl::Status Injected(absl::string_view operation) const;

  absl::Status PutBoard(const BoardRow& row);
  absl::Status OpenSession(absl::string_view board, absl::string_view incarnation_id, absl::string_view boot_id,
                           absl::Time time);
  absl::Status InsertSweep(const SweepRow& row);
  absl::Status UpdateSweep(const SweepRow& row);
  absl::Status InsertTrial(const TrialRow& row);
  absl::Status UpdateTrial(const TrialRow& row);
  absl::Status InsertPin(const PinRow& row);
  absl::Status InsertAttempt(const AttemptRow& row);
  absl::Status UpdateAttempt(const AttemptRow& row);
  absl::Status ExplainAttempt(std::int64_t trial_id, std::uint32_t attempt, absl::string_view cause);
  absl::Status InsertResult(const ResultRow& row);
  absl::Status AddTally(const TallyRow& row);
  absl::Status PutLatency(const LatencyRow& row);
  absl::Status PutCallLatency(const CallLatencyRow& row);
  absl::Status AddCount(absl::string_view name);
  absl::Status PutSchedule(const ScheduleRow& row);
  absl::Status InsertFiring(const FiringRow& row);
  absl::Status AddEvent(const EventRow& row);
  absl::Status ShrinkPayload(std::int64_t result_id, absl::string_view payload, absl::Time time);
  absl::Status SettlePayload(std::int64_t result_id);
  absl::Status RemoveEvents(std::int64_t last_id);
  absl::Status AddRemovals(absl::string_view kind, std::uint64_t count, absl::Time time);
  absl::Status AddJoinToken(const JoinTokenRow& row);
  absl::Status EndJoinToken(absl::string_view sha256, absl::string_view cause, absl::Time time);
  absl::Status EndJoinTokensOf(absl::string_view identity, absl::string_view cause, absl::Time time);
  absl::Status AddCertificate(const CertificateRow& row);
  absl::Status RevokeCertificate(absl::string_view serial, absl::string_view reason, absl::Time time);
  absl::Status AddAudit(const AuditRow& row);

 private:
  template <class... Values>
  absl::Status Run(absl::string_view sql, const Values&... values);
  // For updates of one row that must be there.
  template <class... Values>
  absl::Status RunOnOne(absl::string_view sql, const Values&... values);

  Connection& connection_;
  const Fault fault_;
};

}  // namespace crosscall::store

#endif  // CONTROLLER_STORE_WRITER_H_
