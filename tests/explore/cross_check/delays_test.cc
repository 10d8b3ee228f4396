#include "tests/explore/cross_check/delays.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace crosscall::cross_check {
namespace {

bool Stops(const DelayPlan& plan) {
  for (const auto& of_cpu : plan.stops) {
    for (const u64 stop : of_cpu) {
      if (stop != 0) return true;
    }
  }
  return false;
}

TEST(Delays, ASeedSaysAll) {
  for (u64 seed = 1; seed <= 64; ++seed) EXPECT_EQ(MakeDelayPlan(seed, 2, 0), MakeDelayPlan(seed, 2, 0));
  EXPECT_NE(MakeDelayPlan(2, 2, 0), MakeDelayPlan(6, 2, 0));
}

TEST(Delays, NeighbouringSeedsHaveAllKinds) {
  bool plain = false, stops_only = false, pauses_only = false, both = false;
  for (u64 seed = 1; seed <= 16; ++seed) {
    const DelayPlan plan = MakeDelayPlan(seed, 2, 0);
    const bool pauses = plan.pause_one_in != 0;
    plain |= !Stops(plan) && !pauses;
    stops_only |= Stops(plan) && !pauses;
    pauses_only |= !Stops(plan) && pauses;
    both |= Stops(plan) && pauses;
  }
  EXPECT_TRUE(plain && stops_only && pauses_only && both);
}

TEST(Delays, StopsStayWithinTheHorizon) {
  for (u64 seed = 1; seed <= 200; ++seed) {
    for (const auto& of_cpu : MakeDelayPlan(seed, 2, 9).stops) {
      for (const u64 stop : of_cpu) EXPECT_LE(stop, 9U);
    }
  }
}

TEST(Delays, AThreadThatIsNoCpuIsNotHeldUp) {
  Delays delays(DelayPlan{}, 1, 2);
  Delays::AtPoint();
  EXPECT_EQ(delays.points(0), 0U);
}

// A stop is bounded, and the other thread may have no processor meanwhile; hence as many stops as it takes.
TEST(Delays, AStopLastsUntilTheOthersHavePassedTheirPoints) {
  DelayPlan plan;
  plan.stop_points = 50;
  plan.stops[0][0] = 1;
  u64 passed = 0;
  while (passed < plan.stop_points) {
    Delays delays(plan, 1, 2);
    std::atomic<bool> stopped{false};
    std::thread other([&] {
      delays.Enter(1);
      while (!stopped.load()) Delays::AtPoint();
    });
    while (delays.points(1) == 0) std::this_thread::yield();
    std::thread([&] {
      delays.Enter(0);
      const u64 before = delays.points(1);
      Delays::AtPoint();
      passed = delays.points(1) - before;
      stopped = true;
    }).join();
    other.join();
    EXPECT_EQ(delays.points(0), 1U);
  }
}

TEST(Delays, AStopEndsThoughTheOthersStand) {
  DelayPlan plan;
  plan.stop_points = 50;
  plan.stops[0][0] = 1;
  Delays delays(plan, 1, 2);
  std::thread([&] {
    delays.Enter(0);
    Delays::AtPoint();
  }).join();
  EXPECT_EQ(delays.points(0), 1U);
}

}  // namespace
}  // namespace crosscall::cross_check
