#include "controller/store/row_reader.h"

#include "proto/shared/proto_time.h"
#include "proto/shared/resource_name.h"

namespace crosscall::store {

absl::StatusOr<SweepRow> ReadSweep(const Statement& statement, int first) {
  SweepRow row;
  row.number = statement.Int(first);
  v1::Sweep& sweep = row.sweep;
  sweep.set_name(statement.Bytes(first + 1));
  row.request_id = statement.Bytes(first + 2);
  if (absl::Status status = statement.Parse(first + 3, *sweep.mutable_spec()); !status.ok()) return status;
  sweep.set_state(static_cast<v1::Sweep::State>(statement.Int(first + 4)));
  sweep.set_state_reason(statement.Bytes(first + 5));
  row.end_cause = static_cast<EndCause>(statement.Int(first + 6));
  if (absl::Status status = statement.Parse(first + 7, *sweep.mutable_progress()); !status.ok()) return status;
  sweep.set_coverage(statement.Real(first + 8));
  *sweep.mutable_create_time() = shared::TimestampOf(statement.Time(first + 9));
  if (statement.Int(first + 10) != 0) *sweep.mutable_start_time() = shared::TimestampOf(statement.Time(first + 10));
  if (statement.Int(first + 11) != 0) *sweep.mutable_end_time() = shared::TimestampOf(statement.Time(first + 11));
  *sweep.mutable_expire_time() = shared::TimestampOf(statement.Time(first + 12));
  sweep.set_priority(static_cast<v1::Sweep::Priority>(statement.Int(first + 13)));
  sweep.set_owner(statement.Bytes(first + 14));
  sweep.set_schedule(statement.Bytes(first + 15));
  if (statement.Int(first + 16) != 0) *sweep.mutable_nominal_time() = shared::TimestampOf(statement.Time(first + 16));
  return row;
}

absl::StatusOr<TrialRow> ReadTrial(const Statement& statement, int first) {
  TrialRow row;
  row.id = statement.Int(first);
  row.sweep_number = statement.Int(first + 1);
  v1::Trial& trial = row.trial;
  trial.set_order(static_cast<std::uint32_t>(statement.Int(first + 2)));
  trial.set_name(statement.Bytes(first + 3));
  trial.set_board(statement.Bytes(first + 4));
  if (absl::Status status = statement.Parse(first + 5, *trial.mutable_spec()); !status.ok()) return status;
  trial.set_repetition(static_cast<std::uint32_t>(statement.Int(first + 6)));
  trial.set_state(static_cast<v1::Trial::State>(statement.Int(first + 7)));
  trial.set_attempt_count(static_cast<std::uint32_t>(statement.Int(first + 8)));
  trial.set_outcome(static_cast<v1::Outcome>(statement.Int(first + 9)));
  trial.set_state_reason(statement.Bytes(first + 10));
  *trial.mutable_create_time() = shared::TimestampOf(statement.Time(first + 11));
  if (statement.Int(first + 12) != 0) *trial.mutable_end_time() = shared::TimestampOf(statement.Time(first + 12));
  return row;
}

absl::StatusOr<ScheduleRow> ReadSchedule(const Statement& statement, int first) {
  ScheduleRow row;
  row.number = statement.Int(first);
  v1::Schedule& schedule = row.schedule;
  if (absl::Status status = statement.Parse(first + 1, schedule); !status.ok()) return status;
  // The definition is as it was at creation; what changes is in the other columns.
  schedule.set_paused(statement.Int(first + 2) != 0);
  schedule.set_state_reason(statement.Bytes(first + 3));
  row.decided_until = statement.Time(first + 4);
  schedule.clear_next_time();
  if (statement.Int(first + 5) != 0) *schedule.mutable_next_time() = shared::TimestampOf(statement.Time(first + 5));
  row.remove_time = statement.Time(first + 6);
  if (absl::Status status = statement.Parse(first + 7, *schedule.mutable_record()); !status.ok()) return status;
  return row;
}

AttemptRow ReadAttempt(const Statement& statement, int first) {
  AttemptRow row;
  row.trial_id = statement.Int(first);
  row.attempt = static_cast<std::uint32_t>(statement.Int(first + 1));
  row.board = statement.Bytes(first + 2);
  row.incarnation_id = statement.Bytes(first + 3);
  row.lease_state = statement.Bytes(first + 4);
  row.outcome = static_cast<v1::Outcome>(statement.Int(first + 5));
  row.cause = statement.Bytes(first + 6);
  row.grant_time = statement.Time(first + 7);
  row.expire_time = statement.Time(first + 8);
  row.end_time = statement.Time(first + 9);
  return row;
}

v1::Attempt AttemptOf(const AttemptRow& row, absl::string_view trial_name) {
  v1::Attempt attempt;
  attempt.set_name(shared::AttemptName(trial_name, row.attempt));
  attempt.set_attempt(row.attempt);
  // Attempts of a trial count up without gaps (invariants.cc), each begun when the one before had failed.
  if (row.attempt > 1) attempt.set_parent(shared::AttemptName(trial_name, row.attempt - 1));
  attempt.set_outcome(row.outcome);
  attempt.set_lease_state(row.lease_state);
  attempt.set_cause(row.cause);
  *attempt.mutable_grant_time() = shared::TimestampOf(row.grant_time);
  if (row.end_time != absl::UnixEpoch()) *attempt.mutable_end_time() = shared::TimestampOf(row.end_time);
  return attempt;
}

}  // namespace crosscall::store
