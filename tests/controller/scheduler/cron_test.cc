#include "controller/scheduler/cron.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace crosscall::scheduler {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

absl::TimeZone Zone(const std::string& name) {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone(name, &zone)) << name;
  return zone;
}

absl::Time Utc(const std::string& text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime("%Y-%m-%d %H:%M", text, &time, &error)) << error;
  return time;
}

// The next `count` times after `after` (UTC), in UTC.
std::vector<std::string> Times(const std::string& text, const std::string& after, int count,
                               const std::string& zone = "UTC") {
  absl::StatusOr<Cron> cron = Cron::Parse(text);
  EXPECT_TRUE(cron.ok()) << cron.status();
  std::vector<std::string> times;
  absl::Time time = Utc(after);
  for (int i = 0; cron.ok() && i < count; ++i) {
    time = cron->Next(time, Zone(zone));
    times.push_back(absl::FormatTime("%Y-%m-%d %H:%M", time, absl::UTCTimeZone()));
  }
  return times;
}

std::string Refusal(const std::string& text) {
  const absl::StatusOr<Cron> cron = Cron::Parse(text);
  EXPECT_EQ(cron.status().code(), absl::StatusCode::kInvalidArgument) << text;
  return std::string(cron.status().message());
}

TEST(CronTest, NumbersListsRangesAndSteps) {
  EXPECT_THAT(Times("30 1 * * *", "2026-03-01 01:30", 2), ElementsAre("2026-03-02 01:30", "2026-03-03 01:30"));
  EXPECT_THAT(Times("0,30 4 * * *", "2026-03-01 00:00", 3),
              ElementsAre("2026-03-01 04:00", "2026-03-01 04:30", "2026-03-02 04:00"));
  EXPECT_THAT(Times("*/25 9-10 * * *", "2026-03-01 09:00", 4),
              ElementsAre("2026-03-01 09:25", "2026-03-01 09:50", "2026-03-01 10:00", "2026-03-01 10:25"));
  EXPECT_THAT(Times("0 8-20/6 * * *", "2026-03-01 00:00", 3),
              ElementsAre("2026-03-01 08:00", "2026-03-01 14:00", "2026-03-01 20:00"));
}

TEST(CronTest, NamesAreTakenInAnyCaseAndSundayHasTwoNumbers) {
  EXPECT_THAT(Times("0 0 1 FEB,dec *", "2026-01-15 00:00", 3),
              ElementsAre("2026-02-01 00:00", "2026-12-01 00:00", "2027-02-01 00:00"));
  const std::vector<std::string> weekend = Times("0 0 * * fri-sun", "2026-11-23 00:00", 4);  // a Monday
  EXPECT_THAT(weekend, ElementsAre("2026-11-27 00:00", "2026-11-28 00:00", "2026-11-29 00:00", "2026-12-04 00:00"));
  EXPECT_EQ(Times("0 0 * * 5-7", "2026-11-23 00:00", 4), weekend);
  EXPECT_EQ(Times("0 0 * * 5,6,0", "2026-11-23 00:00", 4), weekend);
}

TEST(CronTest, OneDayFieldIsEnoughUnlessOneIsAStar) {
  EXPECT_THAT(Times("0 0 13 * fri", "2026-11-01 00:00", 3),
              ElementsAre("2026-11-06 00:00", "2026-11-13 00:00", "2026-11-20 00:00"));
  EXPECT_THAT(Times("0 0 13 * *", "2026-11-01 00:00", 2), ElementsAre("2026-11-13 00:00", "2026-12-13 00:00"));
  // A step counts as a star: both must fit.
  EXPECT_THAT(Times("0 0 */2 * mon", "2026-11-01 00:00", 2), ElementsAre("2026-11-09 00:00", "2026-11-23 00:00"));
}

TEST(CronTest, LeapDaysAreFoundHoweverFarTheyAre) {
  EXPECT_THAT(Times("0 0 29 2 *", "2096-03-01 00:00", 1), ElementsAre("2104-02-29 00:00"));
  EXPECT_THAT(Times("0 0 29 2 */7", "2026-01-01 00:00", 1), ElementsAre("2032-02-29 00:00"));
}

TEST(CronTest, ALocalTimeThatDaylightSavingSkipsComesAtTheEndOfTheGap) {
  // Berlin, 29 March 2026: 01:59:59 is followed by 03:00:00, which is 01:00 UTC.
  EXPECT_THAT(Times("30 2 * * *", "2026-03-28 00:00", 3, "Europe/Berlin"),
              ElementsAre("2026-03-28 01:30", "2026-03-29 01:00", "2026-03-30 00:30"));
  // Twelve minutes of the gap and 03:00 itself are one instant.
  EXPECT_THAT(Times("*/30 2,3 * * *", "2026-03-29 00:00", 3, "Europe/Berlin"),
              ElementsAre("2026-03-29 01:00", "2026-03-29 01:30", "2026-03-30 00:00"));
  // Samoa went without 30 December 2011.
  EXPECT_THAT(Times("0 12 30 12 *", "2011-12-01 00:00", 1, "Pacific/Apia"), ElementsAre("2011-12-30 10:00"));
}

TEST(CronTest, ARepeatedLocalTimeComesOnceTheFirstTime) {
  // Berlin, 25 October 2026: 02:00 to 03:00 comes twice, from 00:00 and from 01:00 UTC.
  EXPECT_THAT(Times("30 2 * * *", "2026-10-24 12:00", 2, "Europe/Berlin"),
              ElementsAre("2026-10-25 00:30", "2026-10-26 01:30"));
  EXPECT_THAT(Times("0 * * * *", "2026-10-24 23:30", 3, "Europe/Berlin"),
              ElementsAre("2026-10-25 00:00", "2026-10-25 02:00", "2026-10-25 03:00"));
  // Also when asked in the middle of the second hour.
  EXPECT_THAT(Times("30 2 * * *", "2026-10-25 01:10", 1, "Europe/Berlin"), ElementsAre("2026-10-26 01:30"));
}

TEST(CronTest, WhatNeverFiresIsRefused) {
  for (const char* text : {"0 0 30 2 *", "0 0 31 2,4,6,9,11 *", "0 0 30,31 feb */2"}) {
    EXPECT_THAT(Refusal(text), HasSubstr("it never fires")) << text;
  }
  // Fridays in February there are.
  EXPECT_TRUE(Cron::Parse("0 0 30 2 fri").ok());
}

TEST(CronTest, ARefusalNamesFieldFoundAndAllowed) {
  EXPECT_EQ(Refusal("60 0 * * *"), "cron: minute: found \"60\"; allowed: 0 to 59");
  EXPECT_EQ(Refusal("0 24 * * *"), "cron: hour: found \"24\"; allowed: 0 to 23");
  EXPECT_EQ(Refusal("0 0 0 * *"), "cron: day of month: found \"0\"; allowed: 1 to 31");
  EXPECT_EQ(Refusal("0 0 * january *"), "cron: month: found \"january\"; allowed: 1 to 12, jan to dec");
  EXPECT_EQ(Refusal("0 0 * * 8"), "cron: day of week: found \"8\"; allowed: 0 to 7, sun to sat");
  EXPECT_THAT(Refusal("0 22-4 * * *"), HasSubstr("hour: found \"22-4\""));
  EXPECT_THAT(Refusal("*/0 0 * * *"), HasSubstr("allowed: a step of 1 to 59"));
  EXPECT_THAT(Refusal("*/60 0 * * *"), HasSubstr("allowed: a step of 1 to 59"));
  EXPECT_THAT(Refusal("5/10 0 * * *"), HasSubstr("a step after `*` or a range"));
  for (const char* part : {"", ",", "1,", "-", "1-", "-1", "+1", "1-2-3", "*/", "*/+5", "*/2/2", "**", "*-3", "0x1"}) {
    EXPECT_THAT(Refusal(std::string("0 0 * * ") + part + ",1"), HasSubstr("day of week: found")) << part;
  }
  EXPECT_THAT(Refusal("0 0 * *"), HasSubstr("found 4 fields"));
  EXPECT_THAT(Refusal("@daily"), HasSubstr("found 1 fields"));
  EXPECT_THAT(Refusal(""), HasSubstr("found 0 fields"));
  EXPECT_THAT(Refusal(std::string(300, '*')), HasSubstr("300 bytes"));
}

}  // namespace
}  // namespace crosscall::scheduler
