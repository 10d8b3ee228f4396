// Rows of the store as the dispatcher writes and reads them. Plain data.
#ifndef CONTROLLER_STORE_ROWS_H_
#define CONTROLLER_STORE_ROWS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "crosscall/v1/board.pb.h"
#include "crosscall/v1/exploration.pb.h"
#include "crosscall/v1/result.pb.h"
#include "crosscall/v1/schedule.pb.h"
#include "crosscall/v1/sweep.pb.h"
#include "crosscall/v1/trial.pb.h"
#include "proto/shared/call_buckets.h"

namespace crosscall::store {

struct BoardRow {
  std::string name;
  // As a board that nobody has checked yet.
  v1::Board::State state = v1::Board::STATE_CHECKING;
  std::string state_reason;
  v1::BoardRecord record;
  v1::BoardDescription description;
  // The open session; empty if there was never one.
  std::string incarnation_id;
  std::string boot_id;
  absl::Time last_seen_time = absl::UnixEpoch();
};

// Why a sweep is CANCELLING.
enum class EndCause : int { kNone = 0, kUser = 1, kDeadline = 2 };

struct SweepRow {
  std::int64_t number = 0;
  v1::Sweep sweep;
  // Empty: none.
  std::string request_id;
  EndCause end_cause = EndCause::kNone;
};

struct TrialRow {
  std::int64_t id = 0;
  std::int64_t sweep_number = 0;
  v1::Trial trial;
};

// The crosscall version that a sweep runs on a board.
struct PinRow {
  std::int64_t sweep_number = 0;
  std::string board;
  std::string version;
};

struct AttemptRow {
  std::int64_t trial_id = 0;
  std::uint32_t attempt = 0;
  std::string board;
  std::string incarnation_id;
  // A word of scheduler::LeaseStateName.
  std::string lease_state;
  v1::Outcome outcome = v1::OUTCOME_UNSPECIFIED;
  std::string cause;
  absl::Time grant_time = absl::UnixEpoch();
  // When the lease ends unless renewed.
  absl::Time expire_time = absl::UnixEpoch();
  // UnixEpoch: it has not ended.
  absl::Time end_time = absl::UnixEpoch();
};

// What lists and gauges need of a payload, so that they need not parse it.
struct ResultSummary {
  v1::Outcome outcome = v1::OUTCOME_UNSPECIFIED;
  std::uint64_t calls = 0;
  std::uint64_t p50_nanos = 0;
  std::uint64_t p99_nanos = 0;
  std::uint64_t p999_nanos = 0;
  std::uint64_t max_nanos = 0;
  // Of all calls; a list of latest latencies goes without.
  shared::CallBuckets buckets = {};
  // Of an exploration.
  v1::Exploration::Verdict verdict = v1::Exploration::VERDICT_UNSPECIFIED;
};

struct ResultRow {
  std::int64_t trial_id = 0;
  std::uint32_t attempt = 0;
  // Arrived when the attempt had an outcome or a successor.
  bool evidence = false;
  // 32 bytes.
  std::string sha256;
  // Serialized v1::TrialResult.
  std::string payload;
  ResultSummary summary;
  absl::Time commit_time = absl::UnixEpoch();
};

// A payload that retention may look at.
struct PayloadRow {
  std::int64_t result_id = 0;
  std::string payload;
};

// The oldest events, up to one: how many, and which is the last of them.
struct OldEvents {
  std::uint64_t count = 0;
  std::int64_t last_id = 0;
};

// What an upload meets in the store.
struct StoredResult {
  bool evidence = false;
  std::string sha256;
};

// One append-only line of history.
struct EventRow {
  absl::Time time = absl::UnixEpoch();
  // Resource name.
  std::string subject;
  // A word such as `granted`.
  std::string kind;
  std::string detail;
};

// Attempts that ended, by board, implementation and outcome.
struct TallyRow {
  std::string board;
  std::string implementation;
  v1::Outcome outcome = v1::OUTCOME_UNSPECIFIED;
  std::uint64_t count = 0;
  absl::Time last_time = absl::UnixEpoch();
};

struct LatencyRow {
  std::string board;
  std::string scenario;
  std::string implementation;
  v1::TargetSystem target_system = v1::TARGET_SYSTEM_SIGNAL;
  ResultSummary summary;
  absl::Time commit_time = absl::UnixEpoch();
};

// Every call of completed trials, by the model of the board.
struct CallLatencyRow {
  std::string model;
  std::string scenario;
  v1::TargetSystem target_system = v1::TARGET_SYSTEM_SIGNAL;
  std::string implementation;
  shared::CallBuckets calls;
};

struct ScheduleRow {
  std::int64_t number = 0;
  v1::Schedule schedule;
  // Every nominal time up to this one has its firing.
  absl::Time decided_until = absl::UnixEpoch();
  // UnixEpoch: it is there.
  absl::Time remove_time = absl::UnixEpoch();
};

struct FiringRow {
  std::int64_t schedule_number = 0;
  absl::Time nominal_time = absl::UnixEpoch();
  v1::Firing::Kind kind = v1::Firing::KIND_UNSPECIFIED;
  // Empty unless it ran.
  std::string sweep;
  std::string reason;
  absl::Time decide_time = absl::UnixEpoch();
  bool manual = false;
};

// Everything the dispatcher holds in memory: boards, schedules, sweeps that have not ended, their trials and pins, and
// attempts that have neither an outcome nor an ended lease, or whose spooled result is waited for.
struct LiveState {
  std::vector<BoardRow> boards;
  std::vector<SweepRow> sweeps;
  std::vector<TrialRow> trials;
  std::vector<PinRow> pins;
  std::vector<AttemptRow> attempts;
  std::vector<TallyRow> tallies;
  std::vector<LatencyRow> latencies;
  std::vector<ScheduleRow> schedules;
  std::vector<CallLatencyRow> call_latencies;
  // What was counted since the store was made, by name.
  std::map<std::string, std::uint64_t> counts;
  // What retention has removed, by kind.
  std::map<std::string, std::uint64_t> removals;
  std::int64_t last_sweep_number = 0;
  std::int64_t last_trial_id = 0;
  std::int64_t last_schedule_number = 0;
};

}  // namespace crosscall::store

#endif  // CONTROLLER_STORE_ROWS_H_
