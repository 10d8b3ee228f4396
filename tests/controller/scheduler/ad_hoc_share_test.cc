#include "controller/scheduler/ad_hoc_share.h"

#include <gtest/gtest.h>

namespace crosscall::scheduler {
namespace {

constexpr double kQuarter = 0.25;
absl::Duration At(int seconds) { return absl::Seconds(1000 + seconds); }

// The board works for somebody from one second to another.
void Work(AdHocShare& share, bool ad_hoc, int from, int to) {
  share.Begin(ad_hoc, At(from));
  share.End(At(to));
}

bool GoesFirst(const AdHocShare& share, int now) { return share.FirstAgainAt(kQuarter, At(now)) <= At(now); }

TEST(AdHocShareTest, WithoutANightThatWaitsItAlwaysGoesFirst) {
  AdHocShare share;
  Work(share, true, 0, 100);
  EXPECT_TRUE(GoesFirst(share, 100));
  EXPECT_LE(share.FirstAgainAt(0, At(100)), At(100));
}

TEST(AdHocShareTest, TheFirstTrialOfAWindowGoesFirstThenTheNightHasTheRest) {
  AdHocShare share;
  share.NightlyWaits(At(0));
  EXPECT_TRUE(GoesFirst(share, 0));
  Work(share, true, 0, 10);
  EXPECT_FALSE(GoesFirst(share, 10));
  EXPECT_EQ(share.FirstAgainAt(kQuarter, At(10)), At(40));
  Work(share, false, 10, 39);
  EXPECT_FALSE(GoesFirst(share, 39));
  Work(share, false, 39, 40);
  EXPECT_TRUE(GoesFirst(share, 40));
}

TEST(AdHocShareTest, ATrialThatRunsCounts) {
  AdHocShare share;
  share.NightlyWaits(At(0));
  Work(share, true, 0, 10);
  share.Begin(false, At(10));
  EXPECT_EQ(share.FirstAgainAt(kQuarter, At(30)), At(40));
  EXPECT_TRUE(GoesFirst(share, 40));
}

TEST(AdHocShareTest, WhatRanBeforeTheNightWaitedIsNotCounted) {
  AdHocShare share;
  Work(share, true, 0, 500);
  share.Begin(true, At(500));
  share.NightlyWaits(At(600));
  share.End(At(604));
  EXPECT_EQ(share.FirstAgainAt(kQuarter, At(604)), At(616));
}

TEST(AdHocShareTest, TimeInWhichTheBoardDidNothingIsNobodysShare) {
  AdHocShare share;
  share.NightlyWaits(At(0));
  Work(share, true, 0, 10);
  EXPECT_FALSE(GoesFirst(share, 5000)) << "the board was away";
  EXPECT_EQ(share.FirstAgainAt(kQuarter, At(5000)), At(5030));
}

TEST(AdHocShareTest, ANewWindowBeginsAnewAndAnotherNightInItDoesNot) {
  AdHocShare share;
  share.NightlyWaits(At(0));
  Work(share, true, 0, 10);
  share.NightlyWaits(At(10));
  EXPECT_FALSE(GoesFirst(share, 10));
  share.NoNightlyWaits();
  EXPECT_TRUE(GoesFirst(share, 10));
  share.NightlyWaits(At(20));
  EXPECT_TRUE(GoesFirst(share, 20));
}

TEST(AdHocShareTest, NoShareMeansNeverAndTheWholeMeansAlways) {
  AdHocShare share;
  share.NightlyWaits(At(0));
  EXPECT_EQ(share.FirstAgainAt(0, At(0)), absl::InfiniteDuration());
  Work(share, true, 0, 10);
  EXPECT_LE(share.FirstAgainAt(1, At(10)), At(10));
}

TEST(AdHocShareTest, TheSentenceSaysWhenNext) {
  EXPECT_EQ(WhyAdHocWaits(absl::FromUnixSeconds(1'700'000'000)),
            "ad-hoc work has had its share of this board in the window; next at 2023-11-14T22:13:20+00:00");
  EXPECT_EQ(WhyAdHocWaits(absl::InfiniteFuture()),
            "ad-hoc work has no share of this board while a nightly run waits for it");
}

}  // namespace
}  // namespace crosscall::scheduler
