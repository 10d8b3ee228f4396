#include "controller/scheduler/schedule_policy.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "proto/shared/proto_time.h"
#include "proto/shared/sanitize.h"

namespace crosscall::scheduler {
namespace {

constexpr std::size_t kMaxZoneBytes = 64;

std::string Spelled(absl::Duration span) { return absl::FormatDuration(absl::Trunc(span, absl::Seconds(1))); }

// `Area/Place`, so that no name leads out of the zone data base.
bool LooksLikeZone(absl::string_view name) {
  if (name.empty() || name.size() > kMaxZoneBytes) return false;
  for (const absl::string_view part : absl::StrSplit(name, '/')) {
    if (part.empty() || !absl::ascii_isalpha(static_cast<unsigned char>(part[0]))) return false;
    for (const char c : part) {
      if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && !absl::StrContains("_+-", c)) return false;
    }
  }
  return name != "localtime" && name != "posixrules" && !absl::StartsWith(name, "Fixed/");
}

absl::Status CheckWindow(const google::protobuf::Duration& window) {
  const absl::Duration span = shared::SpanOf(window);
  if (span >= kMinWindow && span <= kMaxWindow) return absl::OkStatus();
  const std::string found = span <= absl::ZeroDuration() ? "an empty window" : absl::FormatDuration(span);
  return absl::InvalidArgumentError(absl::StrCat("window: found ", found,
                                                 "; allowed: ", absl::FormatDuration(kMinWindow), " to ",
                                                 absl::FormatDuration(kMaxWindow)));
}

absl::Status CheckPolicies(const v1::Schedule& schedule) {
  if (!v1::Schedule::MissedRunPolicy_IsValid(schedule.missed_run_policy())) {
    return absl::InvalidArgumentError(
        absl::StrCat("missed_run_policy: found ", schedule.missed_run_policy(), "; allowed: RUN, SKIP"));
  }
  if (!v1::Schedule::OverlapPolicy_IsValid(schedule.overlap_policy())) {
    return absl::InvalidArgumentError(
        absl::StrCat("overlap_policy: found ", schedule.overlap_policy(), "; allowed: SKIP, ALLOW"));
  }
  return absl::OkStatus();
}

// Why a nominal time is over and done with, or empty.
std::string WhyMissed(const ScheduleRule& rule, absl::Time nominal, absl::Time now, bool is_newest) {
  const std::string late = Spelled(now - nominal);
  if (nominal + rule.window <= now) {
    return absl::StrCat("missed: its window of ", Spelled(rule.window), " was over when the controller came to it, ",
                        late, " late");
  }
  if (now - nominal > kPunctual && rule.missed_run == v1::Schedule::MISSED_RUN_POLICY_SKIP) {
    return absl::StrCat("missed: the controller came ", late, " late, and the schedule skips missed runs");
  }
  if (!is_newest) return absl::StrCat("missed: the controller came ", late, " late, when a newer run was due as well");
  return "";
}

}  // namespace

absl::StatusOr<absl::TimeZone> LoadZone(absl::string_view name) {
  absl::TimeZone zone;
  if (LooksLikeZone(name) && absl::LoadTimeZone(name, &zone)) return zone;
  return absl::InvalidArgumentError(
      absl::StrCat("time_zone: the controller knows no zone \"", shared::CleanText(name, kMaxZoneBytes),
                   "\"; allowed: a name of the IANA data base (package tzdata), as in Europe/Berlin or UTC"));
}

absl::Duration LongestGap(const Cron& cron, const absl::TimeZone& zone) {
  constexpr int kLeastCount = 100;
  constexpr absl::Duration kLeastSpan = absl::Hours(8 * 24);
  // Any instant would do, as long as it is always the same.
  const absl::Time begin = absl::FromUnixSeconds(1'700'000'000);
  absl::Duration longest;
  absl::Time nominal = cron.Next(begin, zone);
  for (int count = 0; count < kLeastCount || nominal - begin < kLeastSpan; ++count) {
    const absl::Time next = cron.Next(nominal, zone);
    longest = std::max(longest, next - nominal);
    nominal = next;
  }
  return longest;
}

absl::StatusOr<ScheduleRule> RuleOf(const v1::Schedule& schedule) {
  absl::StatusOr<Cron> cron = Cron::Parse(schedule.cron());
  if (!cron.ok()) return cron.status();
  absl::StatusOr<absl::TimeZone> zone = LoadZone(schedule.time_zone());
  if (!zone.ok()) return zone.status();
  if (absl::Status status = CheckWindow(schedule.window()); !status.ok()) return status;
  if (absl::Status status = CheckPolicies(schedule); !status.ok()) return status;
  ScheduleRule rule = {*cron, *zone, shared::SpanOf(schedule.window())};
  rule.longest_gap = LongestGap(*cron, *zone);
  if (schedule.missed_run_policy() != v1::Schedule::MISSED_RUN_POLICY_UNSPECIFIED) {
    rule.missed_run = schedule.missed_run_policy();
  }
  if (schedule.overlap_policy() != v1::Schedule::OVERLAP_POLICY_UNSPECIFIED) rule.overlap = schedule.overlap_policy();
  return rule;
}

std::vector<Decision> Decide(const ScheduleRule& rule, absl::Time decided_until, absl::Time now,
                             absl::string_view open_sweep) {
  std::vector<Decision> decisions;
  absl::Time nominal = rule.cron.Next(decided_until, rule.zone);
  while (nominal <= now && decisions.size() < kMaxDecisions) {
    const absl::Time next = rule.cron.Next(nominal, rule.zone);
    Decision& decision = decisions.emplace_back(Decision{nominal, v1::Firing::KIND_MISSED, ""});
    decision.reason = WhyMissed(rule, nominal, now, next > now);
    if (decision.reason.empty()) {
      const bool overlaps = !open_sweep.empty() && rule.overlap == v1::Schedule::OVERLAP_POLICY_SKIP;
      decision.kind = overlaps ? v1::Firing::KIND_SKIPPED : v1::Firing::KIND_RUN;
      if (overlaps) decision.reason = absl::StrCat("skipped: ", open_sweep, " of an earlier run had not ended");
    }
    nominal = next;
  }
  return decisions;
}

absl::Duration SleepFor(absl::Time next, absl::Time now) {
  return std::clamp(next - now, absl::ZeroDuration(), kMaxSleep);
}

}  // namespace crosscall::scheduler
