#include "agent/watchdog/progress.h"

#include <gtest/gtest.h>

#include "agent/core/stage.h"

namespace crosscall::watchdog {
namespace {

constexpr absl::Duration kDeadline = absl::Milliseconds(100);
constexpr absl::Duration kIdleLimit = absl::Seconds(10);

absl::Duration At(int millis) { return absl::Milliseconds(millis); }

class ProgressTest : public ::testing::Test {
 protected:
  ProgressTest() { pulse_.cpus.resize(2); }
  void Update(int millis, bool stopped = false) { tracker_.Update(pulse_, stopped, At(millis)); }
  void Wait(std::uint32_t cpu, core::Site site, std::uint64_t call) {
    pulse_.cpus[cpu].site = site;
    pulse_.cpus[cpu].wait_call = call;
  }

  TrialPulse pulse_;
  ProgressTracker tracker_{{kDeadline, kIdleLimit}, At(0)};
};

TEST_F(ProgressTest, WaitForTheDeadlineIsOverdueThoughTheOtherGetsOn) {
  Wait(0, core::Site::kCompletion, 7);
  for (int now = 0; now < 100; now += 10) {
    pulse_.cpus[1].calls_returned += 1;
    pulse_.cpus[0].heartbeat += 1000;
    Update(now);
    EXPECT_FALSE(tracker_.Hung(At(now)));
  }
  Update(100);
  ASSERT_TRUE(tracker_.Hung(At(100)));
  ASSERT_EQ(tracker_.OverdueAt(At(100)).size(), 1u);
  EXPECT_EQ(tracker_.OverdueAt(At(100))[0].cpu, 0u);
  EXPECT_EQ(tracker_.Detection(At(105)), absl::Milliseconds(5));
}

TEST_F(ProgressTest, NewCallsAtTheSameSiteAreProgress) {
  for (int now = 0; now <= 500; now += 10) {
    Wait(0, core::Site::kCompletion, static_cast<std::uint64_t>(now) + 1);
    Update(now);
    EXPECT_FALSE(tracker_.Hung(At(now)));
  }
}

TEST_F(ProgressTest, OneCallOnTheStackIsOverdueThoughItsWaitIsInterrupted) {
  pulse_.cpus[0].outermost_call = core::CallId(0, 3);
  for (int now = 0; now <= 100; now += 10) {
    // Every other look finds it inside an interrupt handler.
    Wait(0, now % 20 == 0 ? core::Site::kCompletion : core::Site::kNone, 7);
    pulse_.cpus[0].heartbeat += 1;
    pulse_.cpus[1].heartbeat += 1;
    Update(now);
  }
  EXPECT_TRUE(tracker_.Hung(At(100)));
}

TEST_F(ProgressTest, BarrierWaitIsNoHangWhileCallsComplete) {
  Wait(0, core::Site::kBarrier, 0);
  for (int now = 0; now <= 500; now += 10) {
    pulse_.cpus[1].calls_returned += 1;
    Update(now);
    EXPECT_FALSE(tracker_.Hung(At(now)));
  }
}

TEST_F(ProgressTest, StandstillAtABarrierIsAHang) {
  Wait(0, core::Site::kBarrier, 0);
  Wait(1, core::Site::kLock, 0);
  for (int now = 0; now <= 100; now += 10) {
    pulse_.cpus[0].heartbeat += 10;  // fruitless retries
    Update(now);
  }
  EXPECT_TRUE(tracker_.Hung(At(100)));
  EXPECT_TRUE(tracker_.OverdueAt(At(100)).empty());
}

TEST_F(ProgressTest, StandstillOutsideCallsHasTheLongerLimit) {
  Update(0);
  Update(500);
  EXPECT_FALSE(tracker_.Hung(At(500)));
  Update(10'000);
  EXPECT_TRUE(tracker_.Hung(At(10'000)));
}

TEST_F(ProgressTest, StoppedWorkerIsAHangAtTheDeadlineEvenOutsideCalls) {
  Update(0);
  Update(100, true);
  EXPECT_TRUE(tracker_.Hung(At(100)));
}

TEST_F(ProgressTest, FinishedCpuIsNeverOverdue) {
  Wait(0, core::Site::kCompletion, 1);
  pulse_.cpus[0].finished = true;
  for (int now = 0; now <= 300; now += 10) {
    pulse_.cpus[1].calls_returned += 1;
    Update(now);
  }
  EXPECT_FALSE(tracker_.Hung(At(300)));
}

TEST_F(ProgressTest, OldestWaitComesFirstThenTheLowerNumber) {
  pulse_.cpus.resize(3);
  Wait(2, core::Site::kClaim, 1);
  Update(0);
  Wait(0, core::Site::kCompletion, 1);
  Wait(1, core::Site::kOwn, 1);
  Update(50);
  Update(200);
  const std::vector<Overdue> overdue = tracker_.OverdueAt(At(200));
  ASSERT_EQ(overdue.size(), 3u);
  EXPECT_EQ(overdue[0].cpu, 2u);
  EXPECT_EQ(overdue[1].cpu, 0u);
  EXPECT_EQ(overdue[2].cpu, 1u);
}

TEST_F(ProgressTest, HalfWayComesBeforeTheHang) {
  Wait(0, core::Site::kCompletion, 1);
  Update(0);
  EXPECT_FALSE(tracker_.HalfWay(At(40)));
  EXPECT_TRUE(tracker_.HalfWay(At(50)));
  EXPECT_FALSE(tracker_.Hung(At(50)));
}

TEST_F(ProgressTest, CompletedCallsAndTheirAgeAreCounted) {
  pulse_.cpus[0].calls_returned = 3;
  pulse_.cpus[1].calls_returned = 4;
  Update(10);
  EXPECT_EQ(tracker_.completed_calls(), 7u);
  EXPECT_EQ(tracker_.SinceLastCall(At(30)), absl::Milliseconds(20));
}

}  // namespace
}  // namespace crosscall::watchdog
