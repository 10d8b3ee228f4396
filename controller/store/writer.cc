#include "controller/store/writer.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/store/known_finding.h"
#include "proto/shared/proto_time.h"

namespace crosscall::store {
namespace {

std::int64_t Nanos(const google::protobuf::Timestamp& time) { return absl::ToUnixNanos(shared::TimeOf(time)); }

}  // namespace

template <class... Values>
absl::Status Writer::Run(absl::string_view sql, const Values&... values) {
  absl::StatusOr<Statement> statement = connection_.Prepare(sql);
  if (!statement.ok()) return statement.status();
  if (absl::Status status = statement->Bind(values...); !status.ok()) return status;
  return statement->Run();
}

template <class... Values>
absl::Status Writer::RunOnOne(absl::string_view sql, const Values&... values) {
  if (absl::Status status = Run(sql, values...); !status.ok()) return status;
  absl::StatusOr<std::int64_t> changed = connection_.Number("SELECT changes()");
  if (!changed.ok()) return changed.status();
  if (*changed == 1) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("store: `", sql, "` changed ", *changed, " rows in place of one"));
}

absl::Status Writer::Injected(absl::string_view operation) const {
  return fault_ ? fault_(operation) : absl::OkStatus();
}

absl::Status Writer::Begin() {
  if (absl::Status status = Injected("begin"); !status.ok()) return status;
  return connection_.Execute("BEGIN IMMEDIATE");
}

absl::Status Writer::Commit() {
  if (absl::Status status = Injected("commit"); !status.ok()) return status;
  return connection_.Execute("COMMIT");
}

void Writer::Rollback() {
  // SQLite has already rolled back by itself after some errors; and there is nobody to tell a failed rollback: the
  // connection then refuses the next BEGIN, which is told.
  if (connection_.InTransaction()) connection_.Execute("ROLLBACK").IgnoreError();
}

absl::Status Writer::PutBoard(const BoardRow& row) {
  const std::string description = row.description.SerializeAsString();
  const std::string record = row.record.SerializeAsString();
  return Run(
      "INSERT INTO boards (name, state, state_reason, description, incarnation, boot, last_seen, record)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET state = excluded.state,"
      " state_reason = excluded.state_reason, description = excluded.description, incarnation = excluded.incarnation,"
      " boot = excluded.boot, last_seen = excluded.last_seen, record = excluded.record",
      row.name, static_cast<int>(row.state), row.state_reason, Blob{description}, row.incarnation_id, row.boot_id,
      row.last_seen_time, Blob{record});
}

absl::Status Writer::OpenSession(absl::string_view board, absl::string_view incarnation_id, absl::string_view boot_id,
                                 absl::Time time) {
  if (absl::Status status = Run("UPDATE sessions SET close_time = ? WHERE board = ? AND close_time = 0", time, board);
      !status.ok()) {
    return status;
  }
  return Run("INSERT INTO sessions (board, incarnation, boot, open_time, close_time) VALUES (?, ?, ?, ?, 0)", board,
             incarnation_id, boot_id, time);
}

absl::Status Writer::InsertSweep(const SweepRow& row) {
  const v1::Sweep& sweep = row.sweep;
  const std::string spec = sweep.spec().SerializeAsString();
  const std::string progress = sweep.progress().SerializeAsString();
  // An empty request id is NULL, since many sweeps may have none.
  return Run(
      "INSERT INTO sweeps (number, name, request_id, spec, state, state_reason, end_cause, progress, coverage,"
      " create_time, start_time, end_time, expire_time, priority, owner, schedule, nominal_time)"
      " VALUES (?, ?, nullif(?, ''), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      row.number, sweep.name(), row.request_id, Blob{spec}, static_cast<int>(sweep.state()), sweep.state_reason(),
      static_cast<int>(row.end_cause), Blob{progress}, sweep.coverage(), Nanos(sweep.create_time()),
      Nanos(sweep.start_time()), Nanos(sweep.end_time()), Nanos(sweep.expire_time()),
      static_cast<int>(sweep.priority()), sweep.owner(), sweep.schedule(), Nanos(sweep.nominal_time()));
}

absl::Status Writer::UpdateSweep(const SweepRow& row) {
  const v1::Sweep& sweep = row.sweep;
  const std::string progress = sweep.progress().SerializeAsString();
  return RunOnOne(
      "UPDATE sweeps SET state = ?, state_reason = ?, end_cause = ?, progress = ?, coverage = ?, start_time = ?,"
      " end_time = ? WHERE number = ?",
      static_cast<int>(sweep.state()), sweep.state_reason(), static_cast<int>(row.end_cause), Blob{progress},
      sweep.coverage(), Nanos(sweep.start_time()), Nanos(sweep.end_time()), row.number);
}

absl::Status Writer::InsertTrial(const TrialRow& row) {
  const v1::Trial& trial = row.trial;
  const std::string spec = trial.spec().SerializeAsString();
  return Run(
      "INSERT INTO trials (id, sweep, position, name, board, scenario, implementation, target_system, spec, repetition,"
      " state, attempt_count, outcome, state_reason, create_time, end_time)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      row.id, row.sweep_number, trial.order(), trial.name(), trial.board(), trial.spec().scenario(),
      trial.spec().implementation(), static_cast<int>(trial.spec().target_system()), Blob{spec}, trial.repetition(),
      static_cast<int>(trial.state()), trial.attempt_count(), static_cast<int>(trial.outcome()), trial.state_reason(),
      Nanos(trial.create_time()), Nanos(trial.end_time()));
}

absl::Status Writer::UpdateTrial(const TrialRow& row) {
  const v1::Trial& trial = row.trial;
  return RunOnOne(
      "UPDATE trials SET state = ?, attempt_count = ?, outcome = ?, state_reason = ?, end_time = ? WHERE id = ?",
      static_cast<int>(trial.state()), trial.attempt_count(), static_cast<int>(trial.outcome()), trial.state_reason(),
      Nanos(trial.end_time()), row.id);
}

absl::Status Writer::InsertPin(const PinRow& row) {
  return Run("INSERT INTO pins (sweep, board, version) VALUES (?, ?, ?)", row.sweep_number, row.board, row.version);
}

absl::Status Writer::InsertAttempt(const AttemptRow& row) {
  return Run(
      "INSERT INTO attempts (trial, attempt, board, incarnation, lease_state, outcome, cause, grant_time, expire_time,"
      " end_time) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      row.trial_id, row.attempt, row.board, row.incarnation_id, row.lease_state, static_cast<int>(row.outcome),
      row.cause, row.grant_time, row.expire_time, row.end_time);
}

absl::Status Writer::UpdateAttempt(const AttemptRow& row) {
  return RunOnOne(
      "UPDATE attempts SET incarnation = ?, lease_state = ?, outcome = ?, cause = ?, expire_time = ?, end_time = ?"
      " WHERE trial = ? AND attempt = ?",
      row.incarnation_id, row.lease_state, static_cast<int>(row.outcome), row.cause, row.expire_time, row.end_time,
      row.trial_id, row.attempt);
}

absl::Status Writer::ExplainAttempt(std::int64_t trial_id, std::uint32_t attempt, absl::string_view cause) {
  return RunOnOne("UPDATE attempts SET cause = ? WHERE trial = ? AND attempt = ? AND outcome = ?", cause, trial_id,
                  attempt, static_cast<int>(v1::OUTCOME_LOST));
}

absl::Status Writer::InsertResult(const ResultRow& row) {
  if (absl::Status status =
          Run("INSERT INTO results (trial, attempt, evidence, sha256, outcome, calls, p50, p99, p999, max, commit_time)"
              " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
              row.trial_id, row.attempt, row.evidence, Blob{row.sha256}, static_cast<int>(row.summary.outcome),
              row.summary.calls, row.summary.p50_nanos, row.summary.p99_nanos, row.summary.p999_nanos,
              row.summary.max_nanos, row.commit_time);
      !status.ok()) {
    return status;
  }
  // Its row id is the result's, so that it stays the last one.
  if (absl::Status status = Run("INSERT INTO payloads (result, evidence, commit_time, settled, remove_time, payload)"
                                " VALUES (last_insert_rowid(), ?, ?, 0, 0, ?)",
                                row.evidence, row.commit_time, Blob{row.payload});
      !status.ok()) {
    return status;
  }
  if (row.evidence) return absl::OkStatus();
  if (ExplainsHang(row.summary.verdict)) {
    return Run(
        "INSERT INTO convictions (result, scenario, implementation)"
        " SELECT last_insert_rowid(), scenario, implementation FROM trials WHERE id = ? AND target_system = ?",
        row.trial_id, static_cast<int>(v1::TARGET_SYSTEM_EXPLORE));
  }
  if (row.summary.outcome != v1::OUTCOME_HUNG && row.summary.outcome != v1::OUTCOME_WEDGED) return absl::OkStatus();
  return Run("INSERT INTO hangs (result, sweep) SELECT last_insert_rowid(), sweep FROM trials WHERE id = ?",
             row.trial_id);
}

absl::Status Writer::AddTally(const TallyRow& row) {
  return Run(
      "INSERT INTO tallies (board, implementation, outcome, count, last_time) VALUES (?, ?, ?, ?, ?)"
      " ON CONFLICT DO UPDATE SET count = count + excluded.count, last_time = excluded.last_time",
      row.board, row.implementation, static_cast<int>(row.outcome), row.count, row.last_time);
}

absl::Status Writer::PutLatency(const LatencyRow& row) {
  return Run(
      "INSERT OR REPLACE INTO latencies (board, scenario, implementation, target_system, calls, p50, p99, p999, max,"
      " commit_time) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      row.board, row.scenario, row.implementation, static_cast<int>(row.target_system), row.summary.calls,
      row.summary.p50_nanos, row.summary.p99_nanos, row.summary.p999_nanos, row.summary.max_nanos, row.commit_time);
}

absl::Status Writer::PutCallLatency(const CallLatencyRow& row) {
  return Run(
      "INSERT OR REPLACE INTO call_latencies (model, scenario, target_system, implementation, counts, sum_seconds)"
      " VALUES (?, ?, ?, ?, ?, ?)",
      row.model, row.scenario, static_cast<int>(row.target_system), row.implementation,
      absl::StrJoin(row.calls.counts, " "), row.calls.sum_seconds);
}

absl::Status Writer::AddCount(absl::string_view name) {
  return Run("INSERT INTO counts (name, count) VALUES (?, 1) ON CONFLICT DO UPDATE SET count = count + 1", name);
}

absl::Status Writer::PutSchedule(const ScheduleRow& row) {
  const v1::Schedule& schedule = row.schedule;
  const std::string definition = schedule.SerializeAsString();
  const std::string record = schedule.record().SerializeAsString();
  return Run(
      "INSERT INTO schedules (number, name, definition, paused, state_reason, decided_until, next_time, remove_time,"
      " record) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (number) DO UPDATE SET paused = excluded.paused,"
      " state_reason = excluded.state_reason, decided_until = excluded.decided_until, next_time = excluded.next_time,"
      " remove_time = excluded.remove_time, record = excluded.record",
      row.number, schedule.name(), Blob{definition}, schedule.paused(), schedule.state_reason(), row.decided_until,
      Nanos(schedule.next_time()), row.remove_time, Blob{record});
}

absl::Status Writer::InsertFiring(const FiringRow& row) {
  return Run(
      "INSERT INTO firings (schedule, nominal_time, kind, sweep, reason, decide_time, manual)"
      " VALUES (?, ?, ?, ?, ?, ?, ?)",
      row.schedule_number, row.nominal_time, static_cast<int>(row.kind), row.sweep, row.reason, row.decide_time,
      row.manual);
}

absl::Status Writer::AddEvent(const EventRow& row) {
  return Run("INSERT INTO events (time, subject, kind, detail) VALUES (?, ?, ?, ?)", row.time, row.subject, row.kind,
             row.detail);
}

absl::Status Writer::ShrinkPayload(std::int64_t result_id, absl::string_view payload, absl::Time time) {
  return RunOnOne("UPDATE payloads SET payload = ?, settled = 1, remove_time = ? WHERE result = ?", Blob{payload}, time,
                  result_id);
}

absl::Status Writer::SettlePayload(std::int64_t result_id) {
  return RunOnOne("UPDATE payloads SET settled = 1 WHERE result = ?", result_id);
}

absl::Status Writer::RemoveEvents(std::int64_t last_id) { return Run("DELETE FROM events WHERE id <= ?", last_id); }

absl::Status Writer::AddRemovals(absl::string_view kind, std::uint64_t count, absl::Time time) {
  return Run(
      "INSERT INTO removals (kind, count, last_time) VALUES (?, ?, ?)"
      " ON CONFLICT DO UPDATE SET count = count + excluded.count, last_time = excluded.last_time",
      kind, count, time);
}

absl::Status Writer::AddJoinToken(const JoinTokenRow& row) {
  return Run(
      "INSERT INTO join_tokens (sha256, identity, create_time, expire_time, end_time, end_cause, rights)"
      " VALUES (?, ?, ?, ?, 0, '', ?)",
      row.sha256, row.identity, row.create_time, row.expire_time, row.rights);
}

absl::Status Writer::EndJoinToken(absl::string_view sha256, absl::string_view cause, absl::Time time) {
  return RunOnOne("UPDATE join_tokens SET end_time = ?, end_cause = ? WHERE sha256 = ? AND end_time = 0", time, cause,
                  sha256);
}

absl::Status Writer::EndJoinTokensOf(absl::string_view identity, absl::string_view cause, absl::Time time) {
  return Run("UPDATE join_tokens SET end_time = ?, end_cause = ? WHERE identity = ? AND end_time = 0", time, cause,
             identity);
}

absl::Status Writer::AddCertificate(const CertificateRow& row) {
  return Run(
      "INSERT INTO certificates (serial, identity, key_sha256, issue_time, expire_time, revoke_time, revoke_reason,"
      " rights) VALUES (?, ?, ?, ?, ?, 0, '', ?)",
      row.serial, row.identity, row.key_sha256, row.issue_time, row.expire_time, row.rights);
}

absl::Status Writer::RevokeCertificate(absl::string_view serial, absl::string_view reason, absl::Time time) {
  return RunOnOne("UPDATE certificates SET revoke_time = ?, revoke_reason = ? WHERE serial = ? AND revoke_time = 0",
                  time, reason, serial);
}

absl::Status Writer::AddAudit(const AuditRow& row) {
  return Run(
      "INSERT INTO audit (time, actor, serial, action, object, outcome, detail, address)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      row.time, row.actor, row.serial, row.action, row.object, row.outcome, row.detail, row.address);
}

}  // namespace crosscall::store
