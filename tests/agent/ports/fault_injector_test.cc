#include "agent/ports/fault_injector.h"

#include <vector>

#include "gtest/gtest.h"

namespace crosscall::ports {
namespace {

using core::u64;
using Point = DescheduleFault::Point;

TEST(FaultInjectorTest, OnlyTheNthIpiToTheCpuIsLost) {
  FaultPlan plan;
  plan.ipis.push_back({IpiFault::Kind::kDrop, 1, 2, 0});
  FaultInjector faults(plan, 2, 1);
  EXPECT_TRUE(faults.StrikesKicks(1));
  EXPECT_FALSE(faults.StrikesKicks(0));
  EXPECT_FALSE(faults.OnKick(1).lost);
  EXPECT_FALSE(faults.OnKick(0).lost);
  EXPECT_TRUE(faults.OnKick(1).lost);
  EXPECT_FALSE(faults.OnKick(1).lost);
}

TEST(FaultInjectorTest, NthZeroStrikesEveryIpi) {
  FaultPlan plan;
  plan.ipis.push_back({IpiFault::Kind::kDelay, 0, 0, 300});
  plan.ipis.push_back({IpiFault::Kind::kDuplicate, 0, 2, 0});
  FaultInjector faults(plan, 1, 1);
  const FaultInjector::Kick first = faults.OnKick(0);
  EXPECT_EQ(first.delay_nanos, 300u);
  EXPECT_FALSE(first.duplicated);
  const FaultInjector::Kick second = faults.OnKick(0);
  EXPECT_EQ(second.delay_nanos, 300u);
  EXPECT_TRUE(second.duplicated);
}

TEST(FaultInjectorTest, StallsStrikeOnceAtTheirPoint) {
  FaultPlan plan;
  plan.deschedules.push_back({0, 500, Point::kHandlerEntry, 0});
  plan.deschedules.push_back({0, 700, Point::kQueuedNotKicked, 2});
  FaultInjector faults(plan, 2, 1);
  EXPECT_EQ(faults.StallAt(0, Point::kHandlerEntry), 500u);
  EXPECT_EQ(faults.StallAt(0, Point::kHandlerEntry), 0u);
  EXPECT_EQ(faults.StallAt(0, Point::kQueuedNotKicked), 0u);
  EXPECT_EQ(faults.StallAt(0, Point::kQueuedNotKicked), 700u);
  EXPECT_EQ(faults.StallAt(0, Point::kQueuedNotKicked), 0u);
  EXPECT_EQ(faults.StallAt(1, Point::kHandlerEntry), 0u);
  EXPECT_TRUE(faults.StrikesKickGap(0));
  EXPECT_FALSE(faults.StrikesKickGap(1));
}

TEST(FaultInjectorTest, OnlyTheNthAllocationFails) {
  FaultPlan plan;
  plan.allocs.push_back({0, 2});
  FaultInjector faults(plan, 2, 1);
  EXPECT_FALSE(faults.AllocFails(0));
  EXPECT_FALSE(faults.AllocFails(1));
  EXPECT_TRUE(faults.AllocFails(0));
  EXPECT_FALSE(faults.AllocFails(0));
}

TEST(FaultInjectorTest, GapDevicesComeAtMostTheirTimes) {
  FaultPlan plan;
  plan.devices.push_back({0, 3, 2, DeviceInterrupt::Point::kQueuedNotKicked, 0});
  plan.devices.push_back({0, 5, 1, DeviceInterrupt::Point::kQueuedNotKicked, 0});
  plan.devices.push_back({0, 6, 9, DeviceInterrupt::Point::kAnywhere, 1});
  FaultInjector faults(plan, 1, 1);
  EXPECT_EQ(faults.DevicesInKickGap(0), (u64{1} << 3) | (u64{1} << 5));
  EXPECT_EQ(faults.DevicesInKickGap(0), u64{1} << 3);
  EXPECT_EQ(faults.DevicesInKickGap(0), 0u);
}

TEST(FaultInjectorTest, KickWindowWidensEveryGapBySeededSpans) {
  FaultPlan plan;
  plan.kick_window = true;
  FaultInjector faults(plan, 2, 7);
  FaultInjector again(plan, 2, 7);
  FaultInjector other(plan, 2, 8);
  std::vector<u64> spans;
  std::vector<u64> same;
  std::vector<u64> different;
  for (int i = 0; i < 32; ++i) {
    spans.push_back(faults.KickGapNanos(1));
    same.push_back(again.KickGapNanos(1));
    different.push_back(other.KickGapNanos(1));
  }
  EXPECT_EQ(spans, same);
  EXPECT_NE(spans, different);
  EXPECT_EQ(FaultInjector(FaultPlan{}, 1, 7).KickGapNanos(0), 0u);
}

TEST(FaultInjectorTest, MutationChangesTheMaskOfNamedCpusOnly) {
  FaultPlan plan;
  plan.mutate_masks.push_back(1);
  FaultInjector faults(plan, 4, 1);
  core::CpuSet mask = core::CpuSet::First(2);
  faults.MutateMask(0, mask);
  EXPECT_EQ(mask, core::CpuSet::First(2));
  faults.MutateMask(1, mask);
  EXPECT_NE(mask, core::CpuSet::First(2));
  EXPECT_EQ(mask.Next(4), core::kNoCpu);
}

TEST(FaultInjectorTest, PlansForMissingCpusAndDevicesAreInvalid) {
  FaultPlan cpu;
  cpu.ipis.push_back({IpiFault::Kind::kDrop, 2, 1, 0});
  const absl::Status status = CheckFaultPlan(cpu, 2);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("names CPU 2"), absl::string_view::npos) << status;
  FaultPlan device;
  device.devices.push_back({0, 64, 1, DeviceInterrupt::Point::kAnywhere, 1});
  EXPECT_EQ(CheckFaultPlan(device, 2).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(CheckFaultPlan(FaultPlan{}, 2).ok());
}

}  // namespace
}  // namespace crosscall::ports
