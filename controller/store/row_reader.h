// From columns to rows. The SELECT lists here and the readers below belong together.
#ifndef CONTROLLER_STORE_ROW_READER_H_
#define CONTROLLER_STORE_ROW_READER_H_

#include "absl/status/statusor.h"
#include "controller/store/connection.h"
#include "controller/store/rows.h"

namespace crosscall::store {

inline constexpr char kSweepColumns[] =
    "s.number, s.name, coalesce(s.request_id, ''), s.spec, s.state, s.state_reason, s.end_cause, s.progress, "
    "s.coverage,"
    " s.create_time, s.start_time, s.end_time, s.expire_time, s.priority, s.owner, s.schedule, s.nominal_time";
inline constexpr int kSweepColumnCount = 17;

inline constexpr char kTrialColumns[] =
    "t.id, t.sweep, t.position, t.name, t.board, t.spec, t.repetition, t.state, t.attempt_count, t.outcome,"
    " t.state_reason, t.create_time, t.end_time";
inline constexpr int kTrialColumnCount = 13;

inline constexpr char kAttemptColumns[] =
    "a.trial, a.attempt, a.board, a.incarnation, a.lease_state, a.outcome, a.cause, a.grant_time, a.expire_time,"
    " a.end_time";
inline constexpr int kAttemptColumnCount = 10;

inline constexpr char kScheduleColumns[] =
    "c.number, c.definition, c.paused, c.state_reason, c.decided_until, c.next_time, c.remove_time, c.record";
inline constexpr int kScheduleColumnCount = 8;

// Each reads its columns from `first` on. DATA_LOSS: a column that is not what it should be.
absl::StatusOr<SweepRow> ReadSweep(const Statement& statement, int first = 0);
absl::StatusOr<TrialRow> ReadTrial(const Statement& statement, int first = 0);
absl::StatusOr<ScheduleRow> ReadSchedule(const Statement& statement, int first = 0);
AttemptRow ReadAttempt(const Statement& statement, int first = 0);

// As users see it; `trial_name` is that of the attempt's trial.
v1::Attempt AttemptOf(const AttemptRow& row, absl::string_view trial_name);

}  // namespace crosscall::store

#endif  // CONTROLLER_STORE_ROW_READER_H_
