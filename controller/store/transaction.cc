#include "controller/store/transaction.h"

#include "controller/store/operations.h"
#include "controller/store/writer.h"

namespace crosscall::store {

Transaction::Transaction(Writer& writer, Operations& operations, const shared::Clock& clock)
    : writer_(writer), operations_(operations), clock_(clock) {}

Transaction::~Transaction() { RollBack(); }

void Transaction::RollBack() {
  if (open_) writer_.Rollback();
  open_ = false;
}

void Transaction::Write(const std::function<absl::Status()>& write) {
  if (!status_.ok()) return;
  if (!open_) {
    status_ = writer_.Begin();
    if (!status_.ok()) return;
    open_ = true;
  }
  status_ = writer_.Injected("write");
  if (status_.ok()) status_ = write();
}

absl::Status Transaction::Commit() {
  const bool idle = status_.ok() && !open_;
  const absl::Duration begin = clock_.Monotonic();
  if (status_.ok() && open_) {
    status_ = writer_.Commit();
    if (status_.ok()) open_ = false;
  }
  if (!idle) operations_.Add(Operation::kCommit, clock_.Monotonic() - begin, status_);
  // At once, so that what is read next is the store and not what could not be stored.
  RollBack();
  return status_;
}

void Transaction::PutBoard(const BoardRow& row) {
  Write([&] { return writer_.PutBoard(row); });
}
void Transaction::OpenSession(absl::string_view board, absl::string_view incarnation_id, absl::string_view boot_id,
                              absl::Time time) {
  Write([&] { return writer_.OpenSession(board, incarnation_id, boot_id, time); });
}
void Transaction::InsertSweep(const SweepRow& row) {
  Write([&] { return writer_.InsertSweep(row); });
}
void Transaction::UpdateSweep(const SweepRow& row) {
  Write([&] { return writer_.UpdateSweep(row); });
}
void Transaction::InsertTrial(const TrialRow& row) {
  Write([&] { return writer_.InsertTrial(row); });
}
void Transaction::UpdateTrial(const TrialRow& row) {
  Write([&] { return writer_.UpdateTrial(row); });
}
void Transaction::InsertPin(const PinRow& row) {
  Write([&] { return writer_.InsertPin(row); });
}
void Transaction::InsertAttempt(const AttemptRow& row) {
  Write([&] { return writer_.InsertAttempt(row); });
}
void Transaction::UpdateAttempt(const AttemptRow& row) {
  Write([&] { return writer_.UpdateAttempt(row); });
}
void Transaction::ExplainAttempt(std::int64_t trial_id, std::uint32_t attempt, absl::string_view cause) {
  Write([&] { return writer_.ExplainAttempt(trial_id, attempt, cause); });
}
void Transaction::InsertResult(const ResultRow& row) {
  Write([&] { return writer_.InsertResult(row); });
}
void Transaction::AddTally(const TallyRow& row) {
  Write([&] { return writer_.AddTally(row); });
}
void Transaction::PutLatency(const LatencyRow& row) {
  Write([&] { return writer_.PutLatency(row); });
}
void Transaction::PutCallLatency(const CallLatencyRow& row) {
  Write([&] { return writer_.PutCallLatency(row); });
}
void Transaction::AddCount(absl::string_view name) {
  Write([&] { return writer_.AddCount(name); });
}
void Transaction::PutSchedule(const ScheduleRow& row) {
  Write([&] { return writer_.PutSchedule(row); });
}
void Transaction::InsertFiring(const FiringRow& row) {
  Write([&] { return writer_.InsertFiring(row); });
}
void Transaction::AddEvent(const EventRow& row) {
  Write([&] { return writer_.AddEvent(row); });
}
void Transaction::ShrinkPayload(std::int64_t result_id, absl::string_view payload, absl::Time time) {
  Write([&] { return writer_.ShrinkPayload(result_id, payload, time); });
}
void Transaction::SettlePayload(std::int64_t result_id) {
  Write([&] { return writer_.SettlePayload(result_id); });
}
void Transaction::RemoveEvents(std::int64_t last_id) {
  Write([&] { return writer_.RemoveEvents(last_id); });
}
void Transaction::AddRemovals(absl::string_view kind, std::uint64_t count, absl::Time time) {
  Write([&] { return writer_.AddRemovals(kind, count, time); });
}
void Transaction::AddJoinToken(const JoinTokenRow& row) {
  Write([&] { return writer_.AddJoinToken(row); });
}
void Transaction::EndJoinToken(absl::string_view sha256, absl::string_view cause, absl::Time time) {
  Write([&] { return writer_.EndJoinToken(sha256, cause, time); });
}
void Transaction::EndJoinTokensOf(absl::string_view identity, absl::string_view cause, absl::Time time) {
  Write([&] { return writer_.EndJoinTokensOf(identity, cause, time); });
}
void Transaction::AddCertificate(const CertificateRow& row) {
  Write([&] { return writer_.AddCertificate(row); });
}
void Transaction::RevokeCertificate(absl::string_view serial, absl::string_view reason, absl::Time time) {
  Write([&] { return writer_.RevokeCertificate(serial, reason, time); });
}
void Transaction::AddAudit(const AuditRow& row) {
  Write([&] { return writer_.AddAudit(row); });
}

}  // namespace crosscall::store
