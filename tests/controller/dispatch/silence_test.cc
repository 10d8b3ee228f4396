// Boards without a power command that fall silent and are heard again: what is told of why.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/shared/proto_time.h"
#include "tests/controller/dispatch/rig.h"

namespace crosscall::dispatch {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class SilenceTest : public ::testing::Test {
 protected:
  SilenceTest() : agent_(rig_, "boards/a") {
    agent_.signs.emplace();
    Age(absl::Seconds(1));
    agent_.Call();
    agent_.Obey();
  }

  void Age(absl::Duration age) { *agent_.signs->mutable_age() = shared::ProtoOf(age); }
  void StoodStill(absl::Duration agent, absl::Duration board) {
    *agent_.signs->mutable_standstill() = shared::ProtoOf(agent);
    *agent_.signs->mutable_board_standstill() = shared::ProtoOf(board);
  }

  // In the middle of a trial, until the lease has expired.
  void LoseATrial() {
    rig_.Create(1);
    ASSERT_TRUE(agent_.GetLease());
    agent_.Call();
    rig_.Advance(absl::Seconds(200));
    ASSERT_THAT(Cause(), StartsWith("UNKNOWN: the lease was not renewed in time"));
    agent_.leases.clear();
  }

  std::string Cause() {
    const absl::optional<store::AttemptRow> row = *rig_.store().FindAttempt(1, 1);
    return row ? row->cause : "no attempt";
  }
  std::string LastEvent() {
    const auto events = rig_.store().BoardEvents("boards/a", 1);
    return events.ok() && !events->empty() ? events->at(0).detail() : "no event";
  }

  Rig rig_;
  FakeAgent agent_;
};

TEST_F(SilenceTest, TheSecondCallExplainsTheAttemptThatWasLost) {
  LoseATrial();
  agent_.signs->set_failed_call_count(5);
  Age(absl::Seconds(201));
  agent_.Call();
  EXPECT_TRUE(agent_.answered()) << "what explains the silence is waited for";
  EXPECT_THAT(Cause(), StartsWith("UNKNOWN: "));
  agent_.signs->set_failed_call_count(0);
  agent_.Call();
  EXPECT_THAT(Cause(), StartsWith("NETWORK: its agent ran"));
  EXPECT_THAT(LastEvent(), StartsWith("NETWORK: "));
}

TEST_F(SilenceTest, AnAgentThatWasStoppedSaysSoInTheCallThatFollowsTheAnswer) {
  LoseATrial();
  agent_.Call();
  StoodStill(absl::Seconds(199), absl::ZeroDuration());
  Age(absl::Seconds(201));
  agent_.Call();
  EXPECT_THAT(Cause(), StartsWith("AGENT: it did not run"));
  EXPECT_EQ(rig_.Board("boards/a").board.record().strike_times_size(), 0);
}

// The call was sent before the cut and arrives after it: its age is no proof of a clock that stood.
TEST_F(SilenceTest, ACallThatWasUnderWayForLongIsNoClockThatStood) {
  LoseATrial();
  Age(absl::Seconds(2));
  agent_.Call();
  Age(absl::Seconds(202));
  *agent_.signs->mutable_answer_delay() = shared::ProtoOf(absl::Seconds(190));
  agent_.Call();
  EXPECT_THAT(Cause(), StartsWith("NETWORK: its agent ran, and an answer reached it"));
}

TEST_F(SilenceTest, ABoardWhoseClockStoodIsBlamedItself) {
  LoseATrial();
  Age(absl::Seconds(2));
  agent_.Call();
  Age(absl::Seconds(2.5));
  agent_.Call();
  EXPECT_THAT(Cause(), StartsWith("BOARD: its clock counted"));
  EXPECT_EQ(rig_.Board("boards/a").board.record().strike_times_size(), 1);
}

TEST_F(SilenceTest, ARestartedAgentAndANewBootExplainToo) {
  LoseATrial();
  agent_.Restarted();
  agent_.Call();
  EXPECT_THAT(Cause(), StartsWith("AGENT: it was restarted"));
}

TEST_F(SilenceTest, ANewBootIsAPowerLoss) {
  LoseATrial();
  agent_.Restarted(true);
  agent_.Call();
  EXPECT_THAT(Cause(), StartsWith("POWER: "));
}

TEST_F(SilenceTest, ATrialThatStillWaitsSaysItToo) {
  LoseATrial();
  BoardOrder order;
  order.kind = BoardOrder::Kind::kQuarantine;
  order.board = "boards/a";
  order.reason = "smells";
  ASSERT_TRUE(rig_.Order(order).ok());
  agent_.signs->set_failed_call_count(5);
  Age(absl::Seconds(201));
  agent_.Call();
  agent_.Call();
  EXPECT_THAT(rig_.Trials("sweeps/s1").at(0).state_reason(), HasSubstr("attempt 1: LOST (NETWORK: its agent ran"));
}

TEST_F(SilenceTest, AnIdleBoardIsExplainedInItsHistory) {
  rig_.Advance(absl::Minutes(5));
  StoodStill(absl::Seconds(299), absl::Seconds(299));
  Age(absl::Seconds(301));
  agent_.Call();
  agent_.Call();
  EXPECT_THAT(LastEvent(), StartsWith("BOARD: everything on it stood still"));
  EXPECT_EQ(rig_.Board("boards/a").board.record().strike_times_size(), 0) << "nothing was lost by it";
}

TEST_F(SilenceTest, OneThatIsNotSilentIsNotAsked) {
  const std::string before = LastEvent();
  rig_.Advance(absl::Seconds(20));
  agent_.Call();
  rig_.Advance(absl::Seconds(20));
  agent_.Call();
  EXPECT_FALSE(agent_.answered()) << "its call is held as ever";
  EXPECT_EQ(LastEvent(), before);
}

}  // namespace
}  // namespace crosscall::dispatch
