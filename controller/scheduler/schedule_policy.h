// What a schedule owes: which of its nominal times are run, missed or skipped, and when to look again. Pure.
//
// A nominal time is what the cron expression names; a firing is what became of it. Each nominal time gets exactly one
// firing: rule S5 of the fleet reference.
#ifndef CONTROLLER_SCHEDULER_SCHEDULE_POLICY_H_
#define CONTROLLER_SCHEDULER_SCHEDULE_POLICY_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "controller/scheduler/cron.h"
#include "crosscall/v1/schedule.pb.h"

namespace crosscall::scheduler {

inline constexpr absl::Duration kMinWindow = absl::Minutes(1);
inline constexpr absl::Duration kMaxWindow = absl::Hours(7 * 24);
// A firing that comes later than this after its nominal time is late: the controller was down, or the clock was set.
inline constexpr absl::Duration kPunctual = absl::Minutes(2);
// Wall time may jump while the controller waits on a monotonic clock, so it looks at least this often.
inline constexpr absl::Duration kMaxSleep = absl::Minutes(1);
// Decisions at a time: after a long time down the rest is decided in further looks, and others get their turn between.
inline constexpr std::size_t kMaxDecisions = 1000;

struct ScheduleRule {
  Cron cron;
  absl::TimeZone zone;
  absl::Duration window;
  v1::Schedule::MissedRunPolicy missed_run = v1::Schedule::MISSED_RUN_POLICY_RUN;
  v1::Schedule::OverlapPolicy overlap = v1::Schedule::OVERLAP_POLICY_SKIP;
  // The longest time from one nominal time to the next, as LongestGap finds it.
  absl::Duration longest_gap = absl::ZeroDuration();
};

// Looks at a hundred nominal times and at a week at least: the weekend of a nightly run counts, and so does the night
// of an hourly one. Independent of the present time.
absl::Duration LongestGap(const Cron& cron, const absl::TimeZone& zone);

// An IANA zone: the one effect here, a look into the machine's zone data base. INVALID_ARGUMENT: no such zone; a file's
// path and the machine's own zone are none.
absl::StatusOr<absl::TimeZone> LoadZone(absl::string_view name);

// INVALID_ARGUMENT: cron, zone, window or policy; the text names the field.
absl::StatusOr<ScheduleRule> RuleOf(const v1::Schedule& schedule);

struct Decision {
  absl::Time nominal;
  // RUN, MISSED or SKIPPED.
  v1::Firing::Kind kind = v1::Firing::KIND_UNSPECIFIED;
  // Why it does not run.
  std::string reason;
};

// Decides every nominal time after `decided_until` up to `now`, oldest first, at most kMaxDecisions. `open_sweep` is a
// sweep of an earlier firing that has not ended; empty: none. At most the last decision is RUN: of several windows that
// are still open only the newest is run.
std::vector<Decision> Decide(const ScheduleRule& rule, absl::Time decided_until, absl::Time now,
                             absl::string_view open_sweep);

// How long to wait before the next look at a schedule whose next nominal time is `next`.
absl::Duration SleepFor(absl::Time next, absl::Time now);

}  // namespace crosscall::scheduler

#endif  // CONTROLLER_SCHEDULER_SCHEDULE_POLICY_H_
