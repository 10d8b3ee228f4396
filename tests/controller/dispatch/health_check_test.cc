// Health trials: before first use, when one is due, after a boot; what passes and what does not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/controller/dispatch/rig.h"

namespace crosscall::dispatch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Kind = BoardOrder::Kind;
using B = v1::Board;

Settings CheckedDaily() {
  Settings settings;
  settings.health_period = absl::Hours(24);
  return settings;
}

class HealthCheckTest : public ::testing::Test {
 protected:
  HealthCheckTest() : rig_(CheckedDaily()), agent_(rig_, "boards/a") {
    agent_.Call();
    agent_.Obey();
  }
  B Board() { return rig_.Board("boards/a").board; }
  // Runs what it is given, and says of which sweep it was.
  std::string RunOne(v1::Outcome outcome) {
    if (!agent_.GetLease()) return "";
    const std::string trial = agent_.leases[0].trial();
    agent_.Finish(outcome);
    agent_.UploadAll();
    return trial.substr(0, trial.find("/trials/"));
  }
  void Pass() { EXPECT_THAT(RunOne(v1::OUTCOME_COMPLETED), StartsWith("sweeps/check-")); }

  Rig rig_;
  FakeAgent agent_;
};

TEST_F(HealthCheckTest, ANewBoardGetsItsHealthTrialBeforeAnyWork) {
  EXPECT_EQ(Board().state(), B::STATE_CHECKING);
  const v1::Sweep asked = rig_.Create(1);
  EXPECT_THAT(Board().waiting_reason(), AllOf(HasSubstr("is being checked"), HasSubstr("1 trials wait")));
  EXPECT_EQ(RunOne(v1::OUTCOME_COMPLETED), "sweeps/check-1");
  EXPECT_EQ(Board().state(), B::STATE_ACTIVE);
  EXPECT_EQ(Board().state_reason(), "passed its health trial sweeps/check-1");
  EXPECT_TRUE(Board().record().has_check_time());
  EXPECT_EQ(Board().record().check_sweep(), "");
  EXPECT_EQ(rig_.Sweep("sweeps/check-1").state(), v1::Sweep::STATE_SUCCEEDED);
  EXPECT_EQ(RunOne(v1::OUTCOME_COMPLETED), asked.name());
}

TEST_F(HealthCheckTest, OneFailureIsTriedAgainAndTwoAreQuarantineWithTheEvidenceNamed) {
  EXPECT_EQ(RunOne(v1::OUTCOME_HUNG), "sweeps/check-1");
  EXPECT_EQ(Board().state(), B::STATE_CHECKING);
  EXPECT_EQ(Board().record().failed_check_count(), 1u);
  EXPECT_EQ(RunOne(v1::OUTCOME_HUNG), "sweeps/check-2");
  EXPECT_EQ(Board().state(), B::STATE_QUARANTINED);
  EXPECT_EQ(Board().state_reason(), "its health trial failed 2 times, the last time: HUNG in sweeps/check-2");
  EXPECT_FALSE(agent_.GetLease());
  ASSERT_TRUE(rig_.Order(Kind::kRelease, "boards/a", "new power supply").ok());
  EXPECT_EQ(Board().state(), B::STATE_CHECKING);
  EXPECT_EQ(RunOne(v1::OUTCOME_COMPLETED), "sweeps/check-3");
  EXPECT_EQ(Board().state(), B::STATE_ACTIVE);
}

TEST_F(HealthCheckTest, OneFailureAndOnePassIsAPass) {
  RunOne(v1::OUTCOME_CRASHED);
  Pass();
  EXPECT_EQ(Board().state(), B::STATE_ACTIVE);
  EXPECT_EQ(Board().record().failed_check_count(), 0u);
}

TEST_F(HealthCheckTest, InvalidNumbersAreTriedAgainWithinTheTrial) {
  RunOne(v1::OUTCOME_INVALID);
  EXPECT_EQ(RunOne(v1::OUTCOME_COMPLETED), "sweeps/check-1");
  EXPECT_EQ(Board().state(), B::STATE_ACTIVE);
}

TEST_F(HealthCheckTest, ACheckIsDueAfterADayAndWaitsForTheTrialThatRuns) {
  Pass();
  rig_.Advance(absl::Hours(23) + absl::Minutes(30));
  EXPECT_EQ(Board().state(), B::STATE_ACTIVE);
  rig_.Create(2);
  ASSERT_TRUE(agent_.GetLease());
  for (int i = 0; i < 20; ++i) {
    agent_.Call();
    rig_.Advance(absl::Minutes(2));
  }
  EXPECT_EQ(Board().state(), B::STATE_ACTIVE);
  agent_.Call();
  agent_.Finish(v1::OUTCOME_COMPLETED);
  agent_.UploadAll();
  EXPECT_EQ(Board().state(), B::STATE_CHECKING);
  EXPECT_EQ(Board().state_reason(), "its health trial is due");
  Pass();
  EXPECT_EQ(RunOne(v1::OUTCOME_COMPLETED), "sweeps/s2");
}

TEST_F(HealthCheckTest, AnIdleBoardIsCheckedWhenItIsDueWithoutAnyCall) {
  Pass();
  agent_.Call();
  rig_.Advance(absl::Hours(24));
  EXPECT_EQ(Board().state(), B::STATE_CHECKING);
}

TEST_F(HealthCheckTest, ABootMustBeCheckedAndARestartOfTheAgentNotAgain) {
  Pass();
  agent_.Restarted();
  agent_.Call();
  agent_.Obey();
  EXPECT_EQ(Board().state(), B::STATE_ACTIVE);
  agent_.Restarted(true);
  agent_.Call();
  agent_.Obey();
  EXPECT_EQ(Board().state(), B::STATE_CHECKING);
  EXPECT_EQ(Board().state_reason(), "it has booted");
  Pass();
  EXPECT_EQ(Board().state(), B::STATE_ACTIVE);
}

TEST_F(HealthCheckTest, ABootLetsNoBoardBackThatAPersonMustRelease) {
  Pass();
  for (const BoardOrder::Kind kind : {BoardOrder::Kind::kQuarantine, BoardOrder::Kind::kDrain}) {
    ASSERT_TRUE(rig_.Order(kind, "boards/a", "wait for me").ok());
    const B::State withheld = Board().state();
    agent_.Restarted(true);
    agent_.Call();
    agent_.Obey();
    EXPECT_EQ(Board().state(), withheld);
    ASSERT_TRUE(rig_.Order(BoardOrder::Kind::kRelease, "boards/a").ok());
    EXPECT_EQ(Board().state(), B::STATE_CHECKING);
    agent_.Call();
    Pass();
  }
}

TEST_F(HealthCheckTest, ARestartedControllerKnowsWhatWasPassedAndWhatIsUnderWay) {
  ASSERT_TRUE(agent_.GetLease());
  agent_.Call();
  rig_.Restart();
  EXPECT_EQ(Board().record().check_sweep(), "sweeps/check-1");
  agent_.Call();
  agent_.Finish(v1::OUTCOME_COMPLETED);
  agent_.UploadAll();
  EXPECT_EQ(Board().state(), B::STATE_ACTIVE);
  rig_.Restart();
  rig_.Advance(absl::Hours(23));
  EXPECT_EQ(Board().state(), B::STATE_ACTIVE);
  rig_.Advance(absl::Hours(2));
  EXPECT_EQ(Board().state(), B::STATE_CHECKING);
}

TEST_F(HealthCheckTest, ACancelledHealthTrialSaysNothingAndIsAskedForAgain) {
  ASSERT_TRUE(rig_.Cancel("sweeps/check-1").ok());
  agent_.Call();
  ASSERT_TRUE(agent_.answered());
  agent_.Obey();
  EXPECT_TRUE(agent_.leases.empty());
  EXPECT_EQ(Board().state(), B::STATE_CHECKING);
  EXPECT_EQ(Board().record().failed_check_count(), 0u);
  EXPECT_EQ(RunOne(v1::OUTCOME_COMPLETED), "sweeps/check-2");
  EXPECT_EQ(Board().state(), B::STATE_ACTIVE);
}

TEST_F(HealthCheckTest, ABoardTakenOutWhileItIsCheckedIsCheckedNoMore) {
  ASSERT_TRUE(agent_.GetLease());
  agent_.Call();
  ASSERT_TRUE(rig_.Order(Kind::kQuarantine, "boards/a", "smells").ok());
  ASSERT_TRUE(agent_.answered());
  agent_.Obey();
  agent_.Call();
  EXPECT_EQ(rig_.Sweep("sweeps/check-1").state(), v1::Sweep::STATE_CANCELLED);
  EXPECT_EQ(Board().record().check_sweep(), "");
  EXPECT_EQ(Board().state(), B::STATE_QUARANTINED);
}

TEST_F(HealthCheckTest, ANewBoardWithABadSelfCheckWaitsForIt) {
  FakeAgent other(rig_, "boards/b");
  other.health = "disk full";
  other.Call();
  other.Obey();
  EXPECT_EQ(rig_.Board("boards/b").board.record().check_sweep(), "");
  other.health = "";
  other.Call();
  EXPECT_THAT(rig_.Board("boards/b").board.record().check_sweep(), StartsWith("sweeps/check-"));
}

TEST_F(HealthCheckTest, ABoardThatOffersNothingIsQuarantinedAndSaysSo) {
  FakeAgent small(rig_, "boards/small", 1);
  small.Call();
  small.Obey();
  const B board = rig_.Board("boards/small").board;
  EXPECT_EQ(board.state(), B::STATE_QUARANTINED);
  EXPECT_THAT(board.state_reason(), HasSubstr("no scenario that fits on its 1 CPUs"));
}

TEST_F(HealthCheckTest, ANameThatAUserTookIsPassedOver) {
  Pass();
  v1::CreateSweepRequest request = PairSweep(1);
  request.set_sweep_id("check-3");
  ASSERT_TRUE(rig_.Create(request).ok());
  agent_.RunOne();
  agent_.Restarted(true);
  agent_.Call();
  EXPECT_EQ(Board().record().check_sweep(), "sweeps/check-4");
}

}  // namespace
}  // namespace crosscall::dispatch
