#include "controller/scheduler/fair_share.h"

#include <gtest/gtest.h>

namespace crosscall::scheduler {
namespace {

constexpr absl::Duration At(int seconds) { return absl::Seconds(1000 + seconds); }

TEST(FairShareTest, BoardSecondsCountWhileTheTrialRuns) {
  FairShare shares;
  shares.Enter("ann", At(0));
  shares.Begin("ann", At(0));
  shares.Begin("ann", At(4));
  EXPECT_EQ(shares.Of("ann", At(10)), (Share{absl::Seconds(16), 2}));
  shares.End("ann", At(10));
  EXPECT_EQ(shares.Of("ann", At(20)), (Share{absl::Seconds(26), 1}));
  shares.End("ann", At(20));
  EXPECT_EQ(shares.Of("ann", At(99)), (Share{absl::Seconds(26), 0}));
  EXPECT_EQ(shares.Of("nobody", At(99)), Share());
}

TEST(FairShareTest, ANewcomerStartsLevelWithTheLeastServedOfThoseWhoWait) {
  FairShare shares;
  for (const char* owner : {"ann", "bob", "gone"}) shares.Enter(owner, At(0));
  shares.Begin("ann", At(0));
  shares.Begin("bob", At(40));
  shares.Leave("gone");
  shares.Enter("eve", At(100));
  EXPECT_EQ(shares.Of("eve", At(100)).used, absl::Seconds(60)) << "as bob, not as who is gone";
  // More sweeps of his do not lift him again.
  shares.Enter("eve", At(500));
  EXPECT_EQ(shares.Of("eve", At(500)).used, absl::Seconds(60));
}

TEST(FairShareTest, WhoWasAwayNeitherSavesUpNorIsForgiven) {
  FairShare shares;
  shares.Enter("ann", At(0));
  shares.Enter("bob", At(0));
  shares.Begin("bob", At(0));
  shares.End("bob", At(50));
  shares.Leave("bob");
  shares.Begin("ann", At(50));
  shares.End("ann", At(60));
  shares.Enter("bob", At(60));
  EXPECT_EQ(shares.Of("bob", At(60)).used, absl::Seconds(50)) << "ann had 10";
  shares.Leave("bob");
  shares.Begin("ann", At(60));
  shares.End("ann", At(160));
  shares.Enter("bob", At(160));
  EXPECT_EQ(shares.Of("bob", At(160)).used, absl::Seconds(110)) << "ann has 110";
}

TEST(FairShareTest, WhoeverIsServedByRankGetsHisHalf) {
  FairShare shares;
  shares.Enter("ann", At(0));
  shares.Enter("bob", At(0));
  absl::Duration ann;
  absl::Duration bob;
  absl::Duration now = At(0);
  for (int i = 0; i < 300; ++i) {
    const bool is_ann = shares.Of("ann", now) <= shares.Of("bob", now);
    // Ann's trials take three times as long.
    const absl::Duration length = absl::Seconds(is_ann ? 3 : 1);
    shares.Begin(is_ann ? "ann" : "bob", now);
    now += length;
    shares.End(is_ann ? "ann" : "bob", now);
    (is_ann ? ann : bob) += length;
  }
  EXPECT_LE(absl::AbsDuration(ann - bob), absl::Seconds(3));
}

}  // namespace
}  // namespace crosscall::scheduler
