#include "controller/store/live_reader.h"

#include <array>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "controller/store/for_each.h"
#include "controller/store/row_reader.h"

namespace crosscall::store {
namespace {

ResultSummary ReadLatency(const Statement& statement, int first) {
  ResultSummary summary;
  summary.outcome = v1::OUTCOME_COMPLETED;
  summary.calls = static_cast<std::uint64_t>(statement.Int(first));
  summary.p50_nanos = static_cast<std::uint64_t>(statement.Int(first + 1));
  summary.p99_nanos = static_cast<std::uint64_t>(statement.Int(first + 2));
  summary.p999_nanos = static_cast<std::uint64_t>(statement.Int(first + 3));
  summary.max_nanos = static_cast<std::uint64_t>(statement.Int(first + 4));
  return summary;
}

using BucketCounts = std::array<std::uint64_t, shared::CallBuckets::kCount>;

// False: not what PutCallLatency writes.
bool ReadCounts(const std::string& text, BucketCounts& counts) {
  const std::vector<absl::string_view> words = absl::StrSplit(text, ' ');
  if (words.size() != counts.size()) return false;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (!absl::SimpleAtoi(words[i], &counts[i])) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<LiveState> LiveReader::LoadLive() {
  LiveState live;
  for (const auto load :
       {&LiveReader::LoadBoards, &LiveReader::LoadSweeps, &LiveReader::LoadTrials, &LiveReader::LoadPins,
        &LiveReader::LoadAttempts, &LiveReader::LoadTallies, &LiveReader::LoadLatencies, &LiveReader::LoadSchedules,
        &LiveReader::LoadRemovals, &LiveReader::LoadCounts, &LiveReader::LoadCallLatencies}) {
    if (absl::Status status = (this->*load)(live); !status.ok()) return status;
  }
  absl::StatusOr<std::int64_t> sweep = connection_.Number("SELECT coalesce(max(number), 0) FROM sweeps");
  if (!sweep.ok()) return sweep.status();
  absl::StatusOr<std::int64_t> trial = connection_.Number("SELECT coalesce(max(id), 0) FROM trials");
  if (!trial.ok()) return trial.status();
  absl::StatusOr<std::int64_t> schedule = connection_.Number("SELECT coalesce(max(number), 0) FROM schedules");
  if (!schedule.ok()) return schedule.status();
  live.last_sweep_number = *sweep;
  live.last_trial_id = *trial;
  live.last_schedule_number = *schedule;
  return live;
}

absl::Status LiveReader::LoadBoards(LiveState& live) {
  return ForEach(
      connection_,
      "SELECT name, state, state_reason, description, incarnation, boot, last_seen, record FROM boards ORDER BY name",
      [&live](const Statement& statement) {
        BoardRow row;
        row.name = statement.Bytes(0);
        row.state = static_cast<v1::Board::State>(statement.Int(1));
        row.state_reason = statement.Bytes(2);
        if (absl::Status status = statement.Parse(3, row.description); !status.ok()) return status;
        row.incarnation_id = statement.Bytes(4);
        row.boot_id = statement.Bytes(5);
        row.last_seen_time = statement.Time(6);
        if (absl::Status status = statement.Parse(7, row.record); !status.ok()) return status;
        live.boards.push_back(std::move(row));
        return absl::OkStatus();
      });
}

absl::Status LiveReader::LoadSweeps(LiveState& live) {
  return ForEach(connection_,
                 absl::StrCat("SELECT ", kSweepColumns, " FROM sweeps s WHERE s.end_time = 0 ORDER BY s.number"),
                 [&live](const Statement& statement) {
                   absl::StatusOr<SweepRow> row = ReadSweep(statement);
                   if (!row.ok()) return row.status();
                   live.sweeps.push_back(*std::move(row));
                   return absl::OkStatus();
                 });
}

absl::Status LiveReader::LoadTrials(LiveState& live) {
  return ForEach(connection_,
                 absl::StrCat("SELECT ", kTrialColumns,
                              " FROM sweeps s JOIN trials t ON t.sweep = s.number WHERE s.end_time = 0"
                              " ORDER BY s.number, t.position"),
                 [&live](const Statement& statement) {
                   absl::StatusOr<TrialRow> row = ReadTrial(statement);
                   if (!row.ok()) return row.status();
                   live.trials.push_back(*std::move(row));
                   return absl::OkStatus();
                 });
}

absl::Status LiveReader::LoadPins(LiveState& live) {
  return ForEach(
      connection_,
      "SELECT p.sweep, p.board, p.version FROM sweeps s JOIN pins p ON p.sweep = s.number WHERE s.end_time = 0",
      [&live](const Statement& statement) {
        live.pins.push_back(
            {.sweep_number = statement.Int(0), .board = statement.Bytes(1), .version = statement.Bytes(2)});
        return absl::OkStatus();
      });
}

absl::Status LiveReader::LoadAttempts(LiveState& live) {
  return ForEach(connection_, absl::StrCat("SELECT ", kAttemptColumns, " FROM attempts a WHERE a.end_time = 0"),
                 [&live](const Statement& statement) {
                   live.attempts.push_back(ReadAttempt(statement));
                   return absl::OkStatus();
                 });
}

absl::Status LiveReader::LoadTallies(LiveState& live) {
  return ForEach(connection_, "SELECT board, implementation, outcome, count, last_time FROM tallies",
                 [&live](const Statement& statement) {
                   live.tallies.push_back({.board = statement.Bytes(0),
                                           .implementation = statement.Bytes(1),
                                           .outcome = static_cast<v1::Outcome>(statement.Int(2)),
                                           .count = static_cast<std::uint64_t>(statement.Int(3)),
                                           .last_time = statement.Time(4)});
                   return absl::OkStatus();
                 });
}

absl::Status LiveReader::LoadLatencies(LiveState& live) {
  return ForEach(connection_,
                 "SELECT board, scenario, implementation, target_system, commit_time, calls, p50, p99, p999, max"
                 " FROM latencies",
                 [&live](const Statement& statement) {
                   live.latencies.push_back({.board = statement.Bytes(0),
                                             .scenario = statement.Bytes(1),
                                             .implementation = statement.Bytes(2),
                                             .target_system = static_cast<v1::TargetSystem>(statement.Int(3)),
                                             .summary = ReadLatency(statement, 5),
                                             .commit_time = statement.Time(4)});
                   return absl::OkStatus();
                 });
}

absl::Status LiveReader::LoadSchedules(LiveState& live) {
  return ForEach(
      connection_,
      absl::StrCat("SELECT ", kScheduleColumns, " FROM schedules c WHERE c.remove_time = 0 ORDER BY c.number"),
      [&live](const Statement& statement) {
        absl::StatusOr<ScheduleRow> row = ReadSchedule(statement);
        if (!row.ok()) return row.status();
        live.schedules.push_back(*std::move(row));
        return absl::OkStatus();
      });
}

absl::Status LiveReader::LoadRemovals(LiveState& live) {
  return ForEach(connection_, "SELECT kind, count FROM removals", [&live](const Statement& statement) {
    live.removals[statement.Bytes(0)] = static_cast<std::uint64_t>(statement.Int(1));
    return absl::OkStatus();
  });
}

absl::Status LiveReader::LoadCounts(LiveState& live) {
  return ForEach(connection_, "SELECT name, count FROM counts", [&live](const Statement& statement) {
    live.counts[statement.Bytes(0)] = static_cast<std::uint64_t>(statement.Int(1));
    return absl::OkStatus();
  });
}

absl::Status LiveReader::LoadCallLatencies(LiveState& live) {
  return ForEach(connection_,
                 "SELECT model, scenario, target_system, implementation, counts, sum_seconds FROM call_latencies",
                 [&live](const Statement& statement) {
                   CallLatencyRow row;
                   row.model = statement.Bytes(0);
                   row.scenario = statement.Bytes(1);
                   row.target_system = static_cast<v1::TargetSystem>(statement.Int(2));
                   row.implementation = statement.Bytes(3);
                   if (!ReadCounts(statement.Bytes(4), row.calls.counts)) {
                     return absl::DataLossError(absl::StrCat("store: the counts of ", row.model, ", ", row.scenario,
                                                             " are damaged; restore crosscall.db from a backup"));
                   }
                   row.calls.sum_seconds = statement.Real(5);
                   live.call_latencies.push_back(std::move(row));
                   return absl::OkStatus();
                 });
}

absl::StatusOr<absl::optional<SweepRow>> LiveReader::OneSweep(absl::string_view sql, absl::string_view key) {
  absl::optional<SweepRow> found;
  absl::Status status = ForEach(
      connection_, sql,
      [&found](const Statement& statement) {
        absl::StatusOr<SweepRow> row = ReadSweep(statement);
        if (!row.ok()) return row.status();
        found = *std::move(row);
        return absl::OkStatus();
      },
      key);
  if (!status.ok()) return status;
  return found;
}

absl::StatusOr<absl::optional<SweepRow>> LiveReader::FindSweep(absl::string_view name) {
  return OneSweep(absl::StrCat("SELECT ", kSweepColumns, " FROM sweeps s WHERE s.name = ?"), name);
}

absl::StatusOr<absl::optional<SweepRow>> LiveReader::FindSweepByRequest(absl::string_view request_id) {
  return OneSweep(absl::StrCat("SELECT ", kSweepColumns, " FROM sweeps s WHERE s.request_id = ?"), request_id);
}

absl::StatusOr<absl::optional<TrialRow>> LiveReader::FindTrial(absl::string_view name) {
  absl::optional<TrialRow> found;
  absl::Status status = ForEach(
      connection_, absl::StrCat("SELECT ", kTrialColumns, " FROM trials t WHERE t.name = ?"),
      [&found](const Statement& statement) {
        absl::StatusOr<TrialRow> row = ReadTrial(statement);
        if (!row.ok()) return row.status();
        found = *std::move(row);
        return absl::OkStatus();
      },
      name);
  if (!status.ok()) return status;
  return found;
}

absl::StatusOr<absl::optional<AttemptRow>> LiveReader::FindAttempt(std::int64_t trial_id, std::uint32_t attempt) {
  absl::optional<AttemptRow> found;
  absl::Status status = ForEach(
      connection_, absl::StrCat("SELECT ", kAttemptColumns, " FROM attempts a WHERE a.trial = ? AND a.attempt = ?"),
      [&found](const Statement& statement) {
        found = ReadAttempt(statement);
        return absl::OkStatus();
      },
      trial_id, attempt);
  if (!status.ok()) return status;
  return found;
}

absl::StatusOr<std::vector<StoredResult>> LiveReader::FindResults(std::int64_t trial_id, std::uint32_t attempt) {
  std::vector<StoredResult> found;
  absl::Status status = ForEach(
      connection_, "SELECT evidence, sha256 FROM results WHERE trial = ? AND attempt = ? ORDER BY id",
      [&found](const Statement& statement) {
        found.push_back({.evidence = statement.Int(0) != 0, .sha256 = statement.Bytes(1)});
        return absl::OkStatus();
      },
      trial_id, attempt);
  if (!status.ok()) return status;
  return found;
}

absl::StatusOr<std::vector<PayloadRow>> LiveReader::FindOldPayloads(bool evidence, absl::Time before, int limit) {
  std::vector<PayloadRow> found;
  absl::Status status = ForEach(
      connection_,
      "SELECT result, payload FROM payloads WHERE settled = 0 AND evidence = ? AND commit_time < ?"
      " ORDER BY commit_time LIMIT ?",
      [&found](const Statement& statement) {
        found.push_back({.result_id = statement.Int(0), .payload = statement.Bytes(1)});
        return absl::OkStatus();
      },
      evidence, before, limit);
  if (!status.ok()) return status;
  return found;
}

absl::StatusOr<OldEvents> LiveReader::FindOldEvents(absl::Time before, int limit) {
  OldEvents old;
  bool all_old = true;
  absl::Status status = ForEach(
      connection_, "SELECT id, time FROM events ORDER BY id LIMIT ?",
      [&](const Statement& statement) {
        // Those behind a newer one wait for it.
        all_old = all_old && statement.Time(1) < before;
        if (all_old) old = {.count = old.count + 1, .last_id = statement.Int(0)};
        return absl::OkStatus();
      },
      limit);
  if (!status.ok()) return status;
  return old;
}

absl::StatusOr<bool> LiveReader::HasFiring(std::int64_t schedule_number, absl::Time nominal_time) {
  bool found = false;
  absl::Status status = ForEach(
      connection_, "SELECT 1 FROM firings WHERE schedule = ? AND nominal_time = ?",
      [&found](const Statement&) {
        found = true;
        return absl::OkStatus();
      },
      schedule_number, nominal_time);
  if (!status.ok()) return status;
  return found;
}

absl::StatusOr<bool> LiveReader::IsClosedSession(absl::string_view board, absl::string_view incarnation_id) {
  bool closed = false;
  absl::Status status = ForEach(
      connection_, "SELECT close_time FROM sessions WHERE board = ? AND incarnation = ?",
      [&closed](const Statement& statement) {
        closed = statement.Int(0) != 0;
        return absl::OkStatus();
      },
      board, incarnation_id);
  if (!status.ok()) return status;
  return closed;
}

}  // namespace crosscall::store
