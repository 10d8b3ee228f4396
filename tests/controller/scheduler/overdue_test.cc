#include "controller/scheduler/overdue.h"

#include <gtest/gtest.h>

namespace crosscall::scheduler {
namespace {

constexpr absl::Duration kGrace = absl::Minutes(5);
const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

TEST(OverdueTest, WhatOwesNothingIsNeverOverdue) {
  EXPECT_FALSE(WhyOverdue({}, kGrace, kNow));
  EXPECT_FALSE(WhyOverdue({}, kGrace, absl::InfiniteFuture()));
}

TEST(OverdueTest, ASweepThatGoesOnAfterItsWindowIsOverdueAfterTheGrace) {
  const Owed owed = {.open = {{"sweeps/s1", kNow}}};
  EXPECT_FALSE(WhyOverdue(owed, kGrace, kNow));
  EXPECT_FALSE(WhyOverdue(owed, kGrace, kNow + kGrace));
  EXPECT_EQ(WhyOverdue(owed, kGrace, kNow + kGrace + absl::Seconds(1)),
            "sweeps/s1 has not ended, and its window closed at 2023-11-14T22:13:20+00:00");
}

TEST(OverdueTest, ANominalTimeThatNobodyDecidedIsOverdueAfterTheGrace) {
  const Owed owed = {.next = kNow, .open = {}};
  EXPECT_FALSE(WhyOverdue(owed, kGrace, kNow + kGrace));
  EXPECT_EQ(WhyOverdue(owed, kGrace, kNow + kGrace + absl::Seconds(1)),
            "nothing became of its nominal time 2023-11-14T22:13:20+00:00: the controller does not come to its "
            "schedules, look at its log");
}

TEST(OverdueTest, TheOldestWindowIsToldAndOneThatIsOpenIsNot) {
  const Owed owed = {.next = kNow,
                     .open = {{"sweeps/s3", kNow + absl::Hours(9)}, {"sweeps/s2", kNow}, {"sweeps/s1", kNow - kGrace}}};
  const absl::optional<std::string> why = WhyOverdue(owed, kGrace, kNow + absl::Hours(1));
  ASSERT_TRUE(why);
  EXPECT_EQ(why->substr(0, 9), "sweeps/s1");
}

}  // namespace
}  // namespace crosscall::scheduler
