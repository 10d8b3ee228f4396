#include "tests/explore/cross_check/kick_gaps.h"

#include <gtest/gtest.h>

#include <set>

namespace crosscall::cross_check {
namespace {

ports::FaultPlan PlanOfOne() {
  ports::FaultPlan plan;
  plan.devices.push_back({.cpu = 1, .index = 0, .times = 5});
  plan.devices.push_back({.cpu = 0, .index = 2, .times = 1, .point = ports::DeviceInterrupt::Point::kQueuedNotKicked});
  return plan;
}

TEST(KickGaps, TakesOnlyItsDevicesOutOfThePlan) {
  ports::FaultPlan plan = PlanOfOne();
  const KickGaps gaps(plan, 1);
  ASSERT_EQ(plan.devices.size(), 1U);
  EXPECT_EQ(plan.devices[0].index, 0U);
}

TEST(KickGaps, ADeviceComesAtItsCpuAndNotMoreOftenThanItMay) {
  ports::FaultPlan plan = PlanOfOne();
  KickGaps gaps(plan, 1);
  u64 times = 0;
  for (int passage = 0; passage < 64; ++passage) {
    EXPECT_EQ(gaps.DevicesAt(1), 0U);
    times += gaps.DevicesAt(0) == u64{1} << 2 ? 1 : 0;
  }
  EXPECT_EQ(times, 1U);
}

TEST(KickGaps, SeedsDifferInThePassage) {
  std::set<int> passages;
  for (u64 seed = 1; seed <= 32; ++seed) {
    ports::FaultPlan plan = PlanOfOne();
    KickGaps gaps(plan, seed);
    int passage = 0;
    while (gaps.DevicesAt(0) == 0) ++passage;
    passages.insert(passage);
  }
  EXPECT_GE(passages.size(), 3U);
}

}  // namespace
}  // namespace crosscall::cross_check
