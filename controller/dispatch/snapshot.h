// What the rest of the controller may know of the dispatcher: an immutable picture, published after each batch.
//
// Reading needs no lock and never makes the dispatcher wait. Boards are shared between pictures and copied on change,
// so that a picture costs one pointer a board. Counters of work come from the store: they go on after a restart.
#ifndef CONTROLLER_DISPATCH_SNAPSHOT_H_
#define CONTROLLER_DISPATCH_SNAPSHOT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "crosscall/v1/board.pb.h"
#include "crosscall/v1/result.pb.h"
#include "crosscall/v1/schedule.pb.h"
#include "crosscall/v1/sweep.pb.h"
#include "crosscall/v1/trial.pb.h"
#include "proto/shared/call_buckets.h"

namespace crosscall::dispatch {

// How many attempts ended in one way.
struct Tally {
  std::uint64_t count = 0;
  absl::Time last_time = absl::UnixEpoch();
};

// The last COMPLETED attempt of one point on one board: whole call, entry to return.
struct LatestLatency {
  std::string scenario;
  std::string implementation;
  v1::TargetSystem target_system = v1::TARGET_SYSTEM_SIGNAL;
  std::uint64_t calls = 0;
  std::uint64_t p50_nanos = 0;
  std::uint64_t p99_nanos = 0;
  std::uint64_t p999_nanos = 0;
  std::uint64_t max_nanos = 0;
  absl::Time commit_time = absl::UnixEpoch();
};

struct BoardView {
  v1::Board board;
  // Why a trial for this board would wait now, in words; empty if the next call of its agent gets one.
  std::string waiting_reason;
  // Attempts that ended, by outcome (LOST included).
  std::map<v1::Outcome, Tally> outcomes;
  // Hangs by implementation id.
  std::map<std::string, Tally> hangs;
  // One for each scenario, implementation and target system that completed here.
  std::vector<LatestLatency> latencies;
  // Clock of the board minus ours, less the way of the message; nothing: this controller has not heard it yet.
  absl::optional<absl::Duration> clock_offset;
};

// Every call of completed trials of one scenario on one kind of board.
struct CallLatencies {
  std::string model;
  std::string scenario;
  v1::TargetSystem target_system = v1::TARGET_SYSTEM_SIGNAL;
  std::map<std::string, shared::CallBuckets> by_implementation;
};

struct ScheduleView {
  // `schedules/{schedule}`
  std::string name;
  absl::Duration window;
  // The next nominal time without a firing; InfiniteFuture while it is paused.
  absl::Time next = absl::InfiniteFuture();
  // The longest time from one of its nominal times to the next.
  absl::Duration longest_gap;
  v1::ScheduleRecord record;
};

// From work available and the board idle in a held call, to the lease committed and answered.
struct DispatchLatency {
  static constexpr std::array<double, 13> kBoundsSeconds = {0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01,
                                                            0.02,   0.05,   0.1,    0.5,   1,     10};
  // Not cumulative; the last one counts what is beyond all bounds.
  std::array<std::uint64_t, kBoundsSeconds.size() + 1> counts{};
  double sum_seconds = 0;

  void Record(absl::Duration latency);
  std::uint64_t count() const;
};

struct Snapshot {
  absl::Time time = absl::UnixEpoch();
  // By name.
  std::vector<std::shared_ptr<const BoardView>> boards;
  // Sweeps that have not ended, oldest first.
  std::vector<std::shared_ptr<const v1::Sweep>> open_sweeps;
  // In the order of their creation.
  std::vector<std::shared_ptr<const ScheduleView>> schedules;
  absl::Duration overdue_grace;
  DispatchLatency dispatch_latency;
  // Calls that wait for the thread now, and how many may.
  std::size_t queue_length = 0;
  std::size_t queue_capacity = 0;
  // Since the start of this controller.
  std::uint64_t queue_refused_count = 0;
  std::uint64_t batch_count = 0;
  std::uint64_t store_failure_count = 0;
  std::size_t held_call_count = 0;
  // What retention has removed since the store was made: `evidence`, `events`, `histograms`.
  std::map<std::string, std::uint64_t> removals;
  // What was counted since the store was made: names of upload_counts.h.
  std::map<std::string, std::uint64_t> counts;
  std::vector<std::shared_ptr<const CallLatencies>> call_latencies;
  std::size_t upload_bytes = 0;
  std::uint64_t store_bytes = 0;

  // By name, `boards/{board}`; null if there is no such board.
  std::shared_ptr<const BoardView> FindBoard(absl::string_view name) const;
  // Why the schedule is overdue at `now`, which may be long after `time`, as a sentence; nothing if it is not.
  absl::optional<std::string> WhyOverdue(const ScheduleView& schedule, absl::Time now) const;
};

}  // namespace crosscall::dispatch

#endif  // CONTROLLER_DISPATCH_SNAPSHOT_H_
