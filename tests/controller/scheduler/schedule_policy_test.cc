#include "controller/scheduler/schedule_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "proto/shared/proto_time.h"

namespace crosscall::scheduler {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr v1::Firing::Kind kRun = v1::Firing::KIND_RUN;
constexpr v1::Firing::Kind kMissed = v1::Firing::KIND_MISSED;
constexpr v1::Firing::Kind kSkipped = v1::Firing::KIND_SKIPPED;

v1::Schedule Nightly() {
  v1::Schedule schedule;
  schedule.set_cron("0 1 * * *");
  schedule.set_time_zone("UTC");
  *schedule.mutable_window() = shared::ProtoOf(absl::Hours(6));
  return schedule;
}

ScheduleRule Rule(const v1::Schedule& schedule = Nightly()) {
  absl::StatusOr<ScheduleRule> rule = RuleOf(schedule);
  EXPECT_TRUE(rule.ok()) << rule.status();
  return *rule;
}

// Day `day` of November 2026, in UTC.
absl::Time On(int day, int hour, int minute = 0) {
  return absl::FromCivil(absl::CivilMinute(2026, 11, day, hour, minute), absl::UTCTimeZone());
}

std::string Refusal(const v1::Schedule& schedule) {
  const absl::StatusOr<ScheduleRule> rule = RuleOf(schedule);
  EXPECT_EQ(rule.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(rule.status().message());
}

TEST(SchedulePolicyTest, ItRunsWhenItIsDueAndNotBefore) {
  EXPECT_THAT(Decide(Rule(), On(1, 1), On(2, 0, 59), ""), IsEmpty());
  const std::vector<Decision> due = Decide(Rule(), On(1, 1), On(2, 1), "");
  ASSERT_THAT(due, SizeIs(1));
  EXPECT_EQ(due[0].nominal, On(2, 1));
  EXPECT_EQ(due[0].kind, kRun);
  EXPECT_EQ(due[0].reason, "");
  EXPECT_THAT(Decide(Rule(), due[0].nominal, On(2, 1), ""), IsEmpty()) << "decided once";
}

TEST(SchedulePolicyTest, AfterDowntimeItRunsIfTheWindowIsOpenAndRecordsTheOthers) {
  const std::vector<Decision> due = Decide(Rule(), On(1, 1), On(4, 6, 59), "");
  ASSERT_THAT(due, SizeIs(3));
  EXPECT_EQ(due[0].kind, kMissed);
  EXPECT_THAT(due[0].reason, HasSubstr("its window of 6h was over"));
  EXPECT_EQ(due[1].kind, kMissed);
  EXPECT_EQ(due[2].kind, kRun);
  EXPECT_EQ(due[2].nominal, On(4, 1));
  EXPECT_EQ(Decide(Rule(), On(3, 1), On(4, 7), "")[0].kind, kMissed) << "the window's end is no part of it";
}

TEST(SchedulePolicyTest, OfSeveralOpenWindowsOnlyTheNewestRuns) {
  v1::Schedule schedule = Nightly();
  schedule.set_cron("0 * * * *");
  const std::vector<Decision> due = Decide(Rule(schedule), On(1, 0), On(1, 2, 30), "");
  ASSERT_THAT(due, SizeIs(2));
  EXPECT_EQ(due[0].kind, kMissed);
  EXPECT_THAT(due[0].reason, HasSubstr("a newer run was due"));
  EXPECT_EQ(due[1].kind, kRun);
}

TEST(SchedulePolicyTest, TheMissedRunPolicySkipsWhatComesLate) {
  v1::Schedule schedule = Nightly();
  schedule.set_missed_run_policy(v1::Schedule::MISSED_RUN_POLICY_SKIP);
  EXPECT_EQ(Decide(Rule(schedule), On(1, 1), On(2, 1, 2), "")[0].kind, kRun) << "a busy moment is not downtime";
  const std::vector<Decision> late = Decide(Rule(schedule), On(1, 1), On(2, 1, 3), "");
  ASSERT_THAT(late, SizeIs(1));
  EXPECT_EQ(late[0].kind, kMissed);
  EXPECT_THAT(late[0].reason, HasSubstr("3m late, and the schedule skips missed runs"));
}

TEST(SchedulePolicyTest, TheOverlapPolicySkipsOrAllows) {
  const std::vector<Decision> skipped = Decide(Rule(), On(1, 1), On(2, 1), "sweeps/s7");
  ASSERT_THAT(skipped, SizeIs(1));
  EXPECT_EQ(skipped[0].kind, kSkipped);
  EXPECT_EQ(skipped[0].reason, "skipped: sweeps/s7 of an earlier run had not ended");
  v1::Schedule schedule = Nightly();
  schedule.set_overlap_policy(v1::Schedule::OVERLAP_POLICY_ALLOW);
  EXPECT_EQ(Decide(Rule(schedule), On(1, 1), On(2, 1), "sweeps/s7")[0].kind, kRun);
}

TEST(SchedulePolicyTest, ALongDowntimeIsDecidedInBoundedSteps) {
  v1::Schedule schedule = Nightly();
  schedule.set_cron("* * * * *");
  const ScheduleRule rule = Rule(schedule);
  absl::Time decided_until = On(1, 0);
  std::size_t runs = 0;
  std::size_t all = 0;
  for (std::vector<Decision> due = Decide(rule, decided_until, On(3, 0), ""); !due.empty();
       due = Decide(rule, decided_until, On(3, 0), "")) {
    EXPECT_LE(due.size(), kMaxDecisions);
    for (const Decision& decision : due) runs += decision.kind == kRun ? 1 : 0;
    all += due.size();
    decided_until = due.back().nominal;
  }
  EXPECT_EQ(all, 2u * 24 * 60);
  EXPECT_EQ(runs, 1u);
}

TEST(SchedulePolicyTest, AClockThatIsSetBackFiresNothingTwice) {
  EXPECT_THAT(Decide(Rule(), On(2, 1), On(1, 23), ""), IsEmpty());
  EXPECT_THAT(Decide(Rule(), On(2, 1), On(2, 1, 5), ""), IsEmpty());
}

TEST(SchedulePolicyTest, ItLooksAgainInTimeAndOftenEnough) {
  EXPECT_EQ(SleepFor(On(2, 1), On(2, 0, 59)), absl::Minutes(1));
  EXPECT_EQ(SleepFor(On(2, 1), On(1, 1)), kMaxSleep);
  EXPECT_EQ(SleepFor(On(2, 1), On(2, 1) - absl::Seconds(5)), absl::Seconds(5));
  EXPECT_EQ(SleepFor(On(2, 1), On(2, 2)), absl::ZeroDuration());
}

TEST(SchedulePolicyTest, AnUnknownZoneIsRefused) {
  for (const char* name : {"", "Mars/Olympus", "localtime", "libc:localtime", "/etc/localtime", "../etc/localtime",
                           "Europe/../UTC", "file:UTC", "Fixed/UTC+01:00:00", "Europe/Berlin ", "Europe//Berlin"}) {
    v1::Schedule schedule = Nightly();
    schedule.set_time_zone(name);
    EXPECT_THAT(Refusal(schedule), HasSubstr("the controller knows no zone \"")) << name;
  }
  EXPECT_TRUE(LoadZone("Etc/GMT+5").ok());
  EXPECT_TRUE(LoadZone("America/Argentina/Buenos_Aires").ok());
}

TEST(SchedulePolicyTest, AnEmptyOrEndlessWindowIsRefused) {
  v1::Schedule schedule = Nightly();
  schedule.clear_window();
  EXPECT_THAT(Refusal(schedule), HasSubstr("window: found an empty window; allowed: 1m to 168h"));
  schedule.mutable_window()->set_seconds(59);
  EXPECT_THAT(Refusal(schedule), HasSubstr("window: found 59s"));
  schedule.mutable_window()->set_seconds(8 * 24 * 3600);
  EXPECT_THAT(Refusal(schedule), HasSubstr("window: found 192h"));
}

TEST(SchedulePolicyTest, CronAndPoliciesAreChecked) {
  v1::Schedule schedule = Nightly();
  schedule.set_cron("0 0 30 2 *");
  EXPECT_THAT(Refusal(schedule), HasSubstr("it never fires"));
  schedule = Nightly();
  schedule.set_missed_run_policy(static_cast<v1::Schedule::MissedRunPolicy>(9));
  EXPECT_THAT(Refusal(schedule), HasSubstr("missed_run_policy: found 9"));
  schedule = Nightly();
  schedule.set_overlap_policy(static_cast<v1::Schedule::OverlapPolicy>(9));
  EXPECT_THAT(Refusal(schedule), HasSubstr("overlap_policy: found 9"));
}

TEST(SchedulePolicyTest, ThePeriodIsTheLongestGap) {
  const auto gap = [](const char* cron) {
    v1::Schedule schedule = Nightly();
    schedule.set_cron(cron);
    return Rule(schedule).longest_gap;
  };
  EXPECT_EQ(gap("0 1 * * *"), absl::Hours(24));
  EXPECT_EQ(gap("0 1 * * mon-fri"), absl::Hours(3 * 24));
  EXPECT_EQ(gap("*/10 9-17 * * *"), absl::Hours(15) + absl::Minutes(10));
  EXPECT_EQ(gap("* 9-17 * * mon-fri"), absl::Hours(2 * 24 + 15) + absl::Minutes(1));
  EXPECT_EQ(gap("0 0 1 * *"), absl::Hours(31 * 24));
}

}  // namespace
}  // namespace crosscall::scheduler
