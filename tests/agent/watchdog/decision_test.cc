#include "agent/watchdog/decision.h"

#include <gtest/gtest.h>

#include "tests/agent/watchdog/synthetic_hang.h"

namespace crosscall::watchdog {
namespace {

TEST(IpiPending, IsTheKernelsPendingSignal) {
  SyntheticHang hang(2);
  hang.Queued(1);
  EXPECT_FALSE(IpiPending(hang.evidence().second, 1));
  hang.Latched(1);
  EXPECT_TRUE(IpiPending(hang.evidence().second, 1));
}

TEST(IpiPending, IsAlsoAnIpiThatAShortSectionDeferred) {
  SyntheticHang hang(2);
  hang.Queued(1).On(1, [](CpuLook& look) { look.ipis_barred = true; });
  EXPECT_TRUE(IpiPending(hang.evidence().second, 1));
}

TEST(IpiPending, IsNotAKickThatAFaultSwallowed) {
  SyntheticHang hang(2);
  hang.Queued(1).On(1, [](CpuLook& look) {
    look.ipis_barred = true;
    look.kicks_lost = 1;
  });
  EXPECT_FALSE(IpiPending(hang.evidence().second, 1));
}

TEST(IpiPending, ToleratesASignalNumberThatIsNone) {
  SyntheticHang hang(1);
  for (const std::uint32_t number : {0u, 65u, 4'000'000'000u}) {
    hang.evidence().second.ipi_signal = number;
    EXPECT_FALSE(IpiPending(hang.evidence().second, 0));
  }
}

TEST(WaitGraph, OpenTargetDoesNotBind) {
  SyntheticHang hang(2);
  hang.WaitsForCompletion(0, 1, {1}).WaitsForCompletion(1, 1, {0}).Queued(0).Queued(1);
  EXPECT_FALSE(FollowWaits(hang.evidence().second, 0).cycle_at.has_value());
  hang.Masked(0).Masked(1);
  EXPECT_TRUE(FollowWaits(hang.evidence().second, 0).cycle_at.has_value());
}

TEST(WaitGraph, FreeLockHasNoEdge) {
  SyntheticHang hang(2);
  hang.WaitsForLock(0, 1);
  EXPECT_TRUE(EdgesFrom(hang.evidence().second, 0).empty());
}

TEST(WaitGraph, CycleBehindASecondTargetIsFound) {
  SyntheticHang hang(4);
  hang.WaitsForCompletion(0, 1, {1, 2}).WaitsForCompletion(2, 1, {3}).WaitsForCompletion(3, 1, {2});
  hang.Queued(1).Queued(2).Queued(3).Masked(2).Masked(3);
  const WaitWalk walk = FollowWaits(hang.evidence().second, 0);
  ASSERT_TRUE(walk.cycle_at.has_value());
  EXPECT_EQ(walk.path[*walk.cycle_at].from, 2u);
}

}  // namespace
}  // namespace crosscall::watchdog
