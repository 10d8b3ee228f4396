#include "controller/metrics/schedule_families.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/types/optional.h"
#include "controller/metrics/board_families.h"
#include "proto/shared/proto_time.h"

namespace crosscall::metrics {
namespace {

using SchedulePtr = std::shared_ptr<const dispatch::ScheduleView>;

absl::string_view IdOf(const dispatch::ScheduleView& schedule) {
  return absl::StripPrefix(schedule.name, "schedules/");
}

// One value a schedule; `value` may leave one out.
template <class Value>
void WriteEach(Exposition& out, const Metric& metric, const dispatch::Snapshot& snapshot, const Value& value) {
  out.Write(metric, [&](Family& family) {
    for (const SchedulePtr& schedule : snapshot.schedules) {
      if (const absl::optional<double> one = value(*schedule)) family.Add({IdOf(*schedule)}, *one);
    }
  });
}

absl::optional<double> Moment(bool known, const google::protobuf::Timestamp& time) {
  return known ? Seconds(shared::TimeOf(time)) : absl::optional<double>();
}

void WriteBoardsOfLast(Exposition& out, const dispatch::Snapshot& snapshot) {
  out.Write(catalogue::kSweepLastBoards, [&](Family& family) {
    for (const SchedulePtr& schedule : snapshot.schedules) {
      if (!schedule->record.has_last_boards()) continue;
      const v1::SweepBoards& boards = schedule->record.last_boards();
      const std::pair<const char*, std::uint32_t> counts[] = {
          {"missing", boards.missing_count()},    {"wedged", boards.wedged_count()},
          {"hung", boards.hung_count()},          {"crashed", boards.crashed_count()},
          {"invalid", boards.invalid_count()},    {"refused", boards.refused_count()},
          {"completed", boards.completed_count()}};
      for (const auto& [outcome, count] : counts) family.Add({IdOf(*schedule), outcome}, count);
    }
  });
}

}  // namespace

void WriteSchedules(Exposition& out, const dispatch::Snapshot& snapshot, absl::Time now) {
  using dispatch::ScheduleView;
  WriteEach(out, catalogue::kSweepLastStart, snapshot, [](const ScheduleView& schedule) {
    return Moment(schedule.record.has_last_start_time(), schedule.record.last_start_time());
  });
  WriteEach(out, catalogue::kSweepLastCompletion, snapshot, [](const ScheduleView& schedule) {
    return Moment(schedule.record.has_last_completion_time(), schedule.record.last_completion_time());
  });
  WriteEach(out, catalogue::kSweepLastSuccess, snapshot, [](const ScheduleView& schedule) {
    return Moment(schedule.record.has_last_success_time(), schedule.record.last_success_time());
  });
  WriteEach(out, catalogue::kSweepPeriod, snapshot, [](const ScheduleView& schedule) {
    const bool paused = schedule.next == absl::InfiniteFuture();
    return paused ? absl::optional<double>() : absl::ToDoubleSeconds(schedule.longest_gap);
  });
  WriteEach(out, catalogue::kSweepLastDuration, snapshot, [](const ScheduleView& schedule) {
    if (!schedule.record.has_last_duration()) return absl::optional<double>();
    return absl::make_optional(absl::ToDoubleSeconds(shared::SpanOf(schedule.record.last_duration())));
  });
  WriteEach(out, catalogue::kSweepInProgress, snapshot, [&](const ScheduleView& schedule) {
    return absl::make_optional<double>(
        std::any_of(snapshot.open_sweeps.begin(), snapshot.open_sweeps.end(),
                    [&](const std::shared_ptr<const v1::Sweep>& sweep) { return sweep->schedule() == schedule.name; }));
  });
  WriteBoardsOfLast(out, snapshot);
  WriteEach(out, catalogue::kScheduleOverdue, snapshot, [&](const ScheduleView& schedule) {
    return absl::make_optional<double>(snapshot.WhyOverdue(schedule, now).has_value());
  });
}

}  // namespace crosscall::metrics
