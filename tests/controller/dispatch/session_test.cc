// The agent protocol when things go wrong: lost replies, restarts of either side, silence, twins.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/dispatch/retry_after.h"
#include "tests/controller/dispatch/rig.h"

namespace crosscall::dispatch {
namespace {

using ::testing::HasSubstr;

class SessionTest : public ::testing::Test {
 protected:
  SessionTest() : agent_(rig_, "boards/a") {
    agent_.Call();
    agent_.Obey();
  }
  v1::Attempt FirstAttempt() { return rig_.Results("sweeps/s1").at(0).attempt(); }

  Rig rig_;
  FakeAgent agent_;
};

TEST_F(SessionTest, TheFirstCallIsAnsweredAtOnceWithTheHold) {
  EXPECT_TRUE(agent_.answer()->unchanged());
  EXPECT_EQ(agent_.answer()->hold_duration().seconds(), 30);
  EXPECT_EQ(agent_.answer()->server_version(), CROSSCALL_VERSION);
  EXPECT_TRUE(rig_.Board("boards/a").board.online());
}

TEST_F(SessionTest, ALostReplyIsGivenAgainAndNothingRunsTwice) {
  rig_.Create(1);
  agent_.Call();
  ASSERT_TRUE(agent_.answered());
  const std::string lost = agent_.answer()->SerializeAsString();
  agent_.Repeat();
  ASSERT_TRUE(agent_.answered());
  EXPECT_EQ(agent_.answer()->SerializeAsString(), lost);
  // Even if it counts on without having seen it.
  agent_.Call();
  ASSERT_TRUE(agent_.answered());
  EXPECT_EQ(agent_.answer()->leases(0).attempt(), 1u);
  EXPECT_EQ(rig_.Trials("sweeps/s1")[0].attempt_count(), 1u);
}

TEST_F(SessionTest, ALaterCallTakesThePlaceOfTheHeldOne) {
  absl::optional<absl::StatusOr<v1::SynchronizeResponse>> first;
  rig_.Run(Engine::Synchronize(500, agent_.Request(2), [&first](auto answer) { first = std::move(answer); }))
      .IgnoreError();
  EXPECT_FALSE(first.has_value());
  agent_.Send(agent_.Request(3));
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(rig_.snapshot()->held_call_count, 1u);
}

TEST_F(SessionTest, AnOvertakenCallIsAborted) {
  agent_.Send(agent_.Request(5));
  agent_.Send(agent_.Request(4));
  ASSERT_TRUE(agent_.answered());
  EXPECT_EQ(agent_.answer().status().code(), absl::StatusCode::kAborted);
}

TEST_F(SessionTest, AGapAppliesTheLeasesAndAsksForTheDescription) {
  rig_.Create(1);
  ASSERT_TRUE(agent_.GetLease());
  agent_.Send(agent_.Request(agent_.sequence() + 5));
  ASSERT_TRUE(agent_.answered());
  EXPECT_TRUE(agent_.answer()->unchanged());
  EXPECT_TRUE(agent_.answer()->full_state_required());
  EXPECT_EQ(agent_.answer()->resync_delay().seconds(), 0);
  // One that does not listen is slowed down.
  agent_.Send(agent_.Request(agent_.sequence() + 6));
  ASSERT_TRUE(agent_.answered());
  EXPECT_EQ(agent_.answer()->resync_delay().seconds(), 1);
  agent_.describe = true;
  agent_.Send(agent_.Request(agent_.sequence() + 7));
  EXPECT_FALSE(agent_.answered());
}

TEST_F(SessionTest, ReportsRenewTheLeaseAndSilenceEndsIt) {
  rig_.Create(1);
  ASSERT_TRUE(agent_.GetLease());
  for (int i = 0; i < 100; ++i) {
    agent_.Call();
    rig_.Advance(absl::Seconds(5));
    ASSERT_TRUE(agent_.answered());
    EXPECT_TRUE(agent_.answer()->unchanged());
    EXPECT_GT(agent_.answer()->renewed_time_left().seconds(), 170);
  }
  EXPECT_EQ(rig_.Trials("sweeps/s1")[0].attempt_count(), 1u);
  // SIGSTOP: it says nothing more, its last report was 5 s ago.
  rig_.Advance(absl::Seconds(11));
  EXPECT_FALSE(rig_.Board("boards/a").board.online());
  EXPECT_THAT(rig_.Board("boards/a").waiting_reason, HasSubstr("silent"));
  rig_.Advance(absl::Seconds(200));
  EXPECT_EQ(FirstAttempt().lease_state(), "expired");
  EXPECT_EQ(FirstAttempt().outcome(), v1::OUTCOME_LOST);
  EXPECT_THAT(FirstAttempt().cause(), HasSubstr("UNKNOWN"));
  EXPECT_EQ(rig_.Trials("sweeps/s1")[0].state(), v1::Trial::STATE_PENDING);
  EXPECT_EQ(rig_.Sweep("sweeps/s1").progress().lost_attempt_count(), 1u);
}

TEST_F(SessionTest, AStoppedAgentsLateResultIsEvidenceAndTheNextAttemptCounts) {
  rig_.Create(1);
  ASSERT_TRUE(agent_.GetLease());
  agent_.Call();
  rig_.Advance(absl::Seconds(300));
  // SIGCONT: it finishes what it held, while the controller has given it up.
  const auto late = agent_.Finish(v1::OUTCOME_COMPLETED, "late");
  const auto answer = agent_.Upload(late, agent_.spool[late]);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_TRUE(answer->committed() && answer->superseded());
  agent_.spool.clear();
  agent_.RunOne();
  EXPECT_EQ(rig_.Sweep("sweeps/s1").state(), v1::Sweep::STATE_SUCCEEDED);
  EXPECT_EQ(rig_.Sweep("sweeps/s1").progress().completed_count(), 1u);
  const auto results = rig_.Results("sweeps/s1", true);
  ASSERT_EQ(results.size(), 3u);
  EXPECT_FALSE(results[0].has_payload());
  EXPECT_TRUE(results[1].evidence());
  EXPECT_EQ(results[1].payload().reason(), "late");
  EXPECT_EQ(results[2].attempt().attempt(), 2u);
  EXPECT_EQ(rig_.Board("boards/a").outcomes.at(v1::OUTCOME_COMPLETED).count, 1u);
}

TEST_F(SessionTest, AFreshLeaseThatNoReportListsEndsAfterTheFirstTerm) {
  rig_.Create(1);
  agent_.Call();
  ASSERT_TRUE(agent_.answered());
  rig_.Advance(absl::Seconds(59));
  EXPECT_EQ(FirstAttempt().lease_state(), "pending");
  rig_.Advance(absl::Seconds(1));
  EXPECT_EQ(FirstAttempt().lease_state(), "expired");
}

TEST_F(SessionTest, NoReportCarriesALeaseBeyondItsHardCap) {
  v1::CreateSweepRequest request = PairSweep(1);
  request.mutable_spec()->mutable_trial_time()->set_seconds(30);
  ASSERT_TRUE(rig_.Create(request).ok());
  ASSERT_TRUE(agent_.GetLease());
  for (int i = 0; i < 18; ++i) {
    agent_.Call();
    rig_.Advance(absl::Seconds(5));
  }
  EXPECT_EQ(FirstAttempt().lease_state(), "active");
  agent_.Call();
  rig_.Advance(absl::Seconds(1));
  EXPECT_EQ(FirstAttempt().lease_state(), "expired");
  EXPECT_THAT(FirstAttempt().cause(), HasSubstr("hard cap"));
  ASSERT_TRUE(agent_.answered());
  EXPECT_EQ(agent_.answer()->leases(0).attempt(), 2u);
}

TEST_F(SessionTest, ALeaseThatItsAgentDroppedIsLost) {
  rig_.Create(1);
  ASSERT_TRUE(agent_.GetLease());
  agent_.Call();
  agent_.leases.clear();
  agent_.Call();
  EXPECT_EQ(FirstAttempt().outcome(), v1::OUTCOME_LOST);
  EXPECT_THAT(FirstAttempt().cause(), HasSubstr("no longer holds"));
}

TEST_F(SessionTest, ARestartedAgentWithoutAResultGetsTheNextAttempt) {
  rig_.Create(1);
  ASSERT_TRUE(agent_.GetLease());
  agent_.Call();
  agent_.Restarted();
  agent_.Call();
  EXPECT_EQ(FirstAttempt().lease_state(), "fenced");
  EXPECT_EQ(FirstAttempt().outcome(), v1::OUTCOME_LOST);
  EXPECT_THAT(FirstAttempt().cause(), HasSubstr("AGENT"));
  ASSERT_TRUE(agent_.answered());
  EXPECT_EQ(agent_.answer()->leases(0).attempt(), 2u);
}

TEST_F(SessionTest, ANewBootIsSaidToBeOne) {
  rig_.Create(1);
  ASSERT_TRUE(agent_.GetLease());
  agent_.Restarted(true);
  agent_.Call();
  EXPECT_THAT(FirstAttempt().cause(), HasSubstr("POWER"));
}

TEST_F(SessionTest, ARestartedAgentsSpooledResultIsWaitedFor) {
  rig_.Create(2);
  ASSERT_TRUE(agent_.GetLease());
  const auto key = agent_.Finish(v1::OUTCOME_COMPLETED);
  agent_.Restarted();
  agent_.Call();
  EXPECT_EQ(FirstAttempt().lease_state(), "fenced");
  EXPECT_EQ(FirstAttempt().outcome(), v1::OUTCOME_UNSPECIFIED);
  // Meanwhile the board goes on.
  ASSERT_TRUE(agent_.answered());
  EXPECT_NE(agent_.answer()->leases(0).trial(), key.first);
  rig_.Advance(absl::Seconds(30));
  const auto answer = agent_.Upload(key, agent_.spool[key]);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_FALSE(answer->superseded());
  EXPECT_EQ(FirstAttempt().outcome(), v1::OUTCOME_COMPLETED);
  EXPECT_EQ(FirstAttempt().lease_state(), "fenced");
}

TEST_F(SessionTest, TheWaitForASpooledResultIsBounded) {
  rig_.Create(1);
  ASSERT_TRUE(agent_.GetLease());
  agent_.Finish(v1::OUTCOME_COMPLETED);
  agent_.Restarted();
  agent_.Call();
  rig_.Advance(absl::Seconds(61));
  EXPECT_EQ(FirstAttempt().outcome(), v1::OUTCOME_LOST);
  EXPECT_EQ(rig_.Trials("sweeps/s1")[0].state(), v1::Trial::STATE_PENDING);
}

TEST_F(SessionTest, ASpoolThatNoLongerListsTheResultEndsTheWait) {
  rig_.Create(1);
  ASSERT_TRUE(agent_.GetLease());
  agent_.Finish(v1::OUTCOME_COMPLETED);
  agent_.Restarted();
  agent_.Call();
  agent_.spool.clear();
  agent_.Restarted();
  agent_.Call();
  EXPECT_EQ(FirstAttempt().outcome(), v1::OUTCOME_LOST);
}

TEST_F(SessionTest, ASpooledTrialIsNotOfferedAgain) {
  rig_.Create(1);
  ASSERT_TRUE(agent_.GetLease());
  agent_.Call();
  agent_.Finish(v1::OUTCOME_COMPLETED);
  agent_.Call();
  EXPECT_FALSE(agent_.answered());
  agent_.UploadAll();
  EXPECT_EQ(rig_.Sweep("sweeps/s1").state(), v1::Sweep::STATE_SUCCEEDED);
}

TEST_F(SessionTest, ALongSpoolDoesNotHideAFreshLease) {
  rig_.Create(1);
  v1::SynchronizeRequest request = agent_.Request(agent_.sequence() + 1);
  request.set_spooled_count(100);
  agent_.Send(request);
  ASSERT_TRUE(agent_.answered());
  EXPECT_EQ(agent_.answer()->leases_size(), 1);
}

TEST_F(SessionTest, TheFencedIncarnationIsAbortedHoweverOftenItCalls) {
  FakeAgent twin(rig_, "boards/a");
  twin.Reincarnate();
  agent_.Call();
  twin.Call();
  ASSERT_TRUE(agent_.answered());
  EXPECT_EQ(agent_.answer().status().code(), absl::StatusCode::kAborted);
  agent_.Call();
  EXPECT_EQ(agent_.answer().status().code(), absl::StatusCode::kAborted);
  rig_.Restart();
  agent_.Call();
  EXPECT_EQ(agent_.answer().status().code(), absl::StatusCode::kAborted);
}

TEST_F(SessionTest, TwoMachinesWithOneNameAreQuarantined) {
  FakeAgent twin(rig_, "boards/a");
  twin.Reincarnate();
  rig_.Create(1);
  FakeAgent* turn[] = {&agent_, &twin};
  agent_.health = "busy";
  twin.health = "busy";
  // The loser exits, is started again by its service manager, and takes the board back from a held call.
  for (int i = 0; i < 5; ++i) {
    FakeAgent& now = *turn[i % 2];
    if (i > 1) {
      now.Reincarnate();
      now.Reincarnate();
    }
    now.Call();
    now.Call();
    const bool quarantined = rig_.Board("boards/a").board.state() == v1::Board::STATE_QUARANTINED;
    EXPECT_EQ(quarantined, i >= 4) << i;
  }
  EXPECT_THAT(rig_.Board("boards/a").board.state_reason(), HasSubstr("duplicate identity"));
  EXPECT_THAT(rig_.Board("boards/a").waiting_reason, HasSubstr("1 trials wait"));
  agent_.health = "";
  agent_.Call();
  EXPECT_FALSE(agent_.answered());
  rig_.Restart();
  EXPECT_EQ(rig_.Board("boards/a").board.state(), v1::Board::STATE_QUARANTINED);
}

TEST_F(SessionTest, AnAgentKilledAgainAndAgainIsNoTwin) {
  for (int i = 0; i < 20; ++i) {
    agent_.Call();
    agent_.Restarted();
    agent_.Call();
    agent_.Obey();
  }
  EXPECT_EQ(rig_.Board("boards/a").board.state(), v1::Board::STATE_ACTIVE);
}

TEST_F(SessionTest, ACutCallIsCancelledAndTheBoardIsSilentUnlessItCallsAgain) {
  agent_.Call();
  agent_.Cut();
  ASSERT_TRUE(agent_.answered());
  EXPECT_EQ(agent_.answer().status().code(), absl::StatusCode::kCancelled);
  rig_.Create(1);
  EXPECT_EQ(rig_.Trials("sweeps/s1")[0].state(), v1::Trial::STATE_PENDING);
  EXPECT_TRUE(rig_.Board("boards/a").board.online());
  rig_.Advance(absl::Seconds(10));
  EXPECT_FALSE(rig_.Board("boards/a").board.online());
  EXPECT_TRUE(agent_.GetLease());
  EXPECT_TRUE(rig_.Board("boards/a").board.online());
}

TEST_F(SessionTest, ARestartedControllerKeepsTheLease) {
  rig_.Create(2);
  ASSERT_TRUE(agent_.GetLease());
  agent_.Call();
  rig_.Restart();
  EXPECT_FALSE(rig_.Board("boards/a").board.online());
  rig_.Advance(absl::Seconds(179));
  EXPECT_EQ(FirstAttempt().lease_state(), "active");
  agent_.Call();
  ASSERT_TRUE(agent_.answered());
  EXPECT_TRUE(agent_.answer()->unchanged());
  EXPECT_TRUE(agent_.answer()->full_state_required());
  agent_.Obey();
  rig_.Advance(absl::Seconds(100));
  agent_.Finish(v1::OUTCOME_COMPLETED);
  agent_.UploadAll();
  agent_.RunOne();
  EXPECT_EQ(rig_.Sweep("sweeps/s1").progress().completed_count(), 2u);
  for (const v1::Trial& trial : rig_.Trials("sweeps/s1")) EXPECT_EQ(trial.attempt_count(), 1u);
}

TEST_F(SessionTest, AfterARestartALeaseThatNobodyReportsEndsAfterOneTerm) {
  rig_.Create(1);
  ASSERT_TRUE(agent_.GetLease());
  rig_.Restart();
  rig_.Advance(absl::Seconds(180));
  EXPECT_EQ(FirstAttempt().lease_state(), "expired");
}

TEST_F(SessionTest, EveryTrialHasOneResultThroughRestartsOfTheController) {
  rig_.Create(20);
  for (int i = 0; rig_.Sweep("sweeps/s1").state() != v1::Sweep::STATE_SUCCEEDED; ++i) {
    ASSERT_LT(i, 200);
    if (i % 3 == 0) rig_.Restart();
    if (!agent_.GetLease()) continue;
    if (i % 3 == 1) rig_.Restart();
    const auto key = agent_.Finish(v1::OUTCOME_COMPLETED);
    if (i % 3 == 2) {
      // The acknowledgement is lost with the controller.
      ASSERT_TRUE(agent_.Upload(key, agent_.spool[key]).ok());
      rig_.Restart();
    }
    agent_.UploadAll();
  }
  EXPECT_EQ(rig_.Results("sweeps/s1", true).size(), 20u);
  EXPECT_EQ(rig_.Board("boards/a").outcomes.at(v1::OUTCOME_COMPLETED).count, 20u);
}

TEST_F(SessionTest, AHoldNeverOutlastsTheLeaseItRenews) {
  Settings settings;
  settings.lease_term = absl::Seconds(3);
  Rig rig(settings);
  FakeAgent agent(rig, "boards/a");
  agent.Call();
  rig.Create(1);
  ASSERT_TRUE(agent.GetLease());
  EXPECT_EQ(agent.answer()->hold_duration().seconds(), 1);
  for (int i = 0; i < 20; ++i) {
    agent.Call();
    rig.Advance(absl::Seconds(1));
    ASSERT_TRUE(agent.answered());
    EXPECT_TRUE(agent.answer()->unchanged());
    EXPECT_EQ(agent.answer()->renewed_time_left().seconds(), 3);
  }
}

TEST_F(SessionTest, BoardsBeyondTheLimitAreRefusedWithADelay) {
  Settings settings;
  settings.max_boards = 1;
  Rig rig(settings);
  FakeAgent first(rig, "boards/a");
  first.Call();
  FakeAgent second(rig, "boards/b");
  second.Call();
  EXPECT_EQ(second.answer().status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(RetryAfter(second.answer().status()), absl::Seconds(1));
}

TEST_F(SessionTest, ABoardsClockIsComparedWithOurs) {
  EXPECT_FALSE(rig_.Board("boards/a").clock_offset.has_value());
  v1::SynchronizeRequest request = agent_.Request(2);
  *request.mutable_send_time() = shared::TimestampOf(rig_.clock().Wall() - absl::Seconds(90));
  agent_.Send(request);
  EXPECT_EQ(rig_.Board("boards/a").clock_offset, -absl::Seconds(90));
  // One that no longer says its time has not set its clock.
  agent_.Send(agent_.Request(3));
  EXPECT_EQ(rig_.Board("boards/a").clock_offset, -absl::Seconds(90));
}

}  // namespace
}  // namespace crosscall::dispatch
