// Orders about boards: drain, quarantine, release, retire, labels and limits; and strikes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/controller/dispatch/rig.h"

namespace crosscall::dispatch {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = BoardOrder::Kind;
using B = v1::Board;

class BoardTest : public ::testing::Test {
 protected:
  BoardTest() : agent_(rig_, "boards/a") {
    agent_.Call();
    agent_.Obey();
  }
  B::State State() { return rig_.Board("boards/a").board.state(); }
  absl::StatusOr<v1::Board> DrainNow() {
    BoardOrder order;
    order.kind = Kind::kDrain;
    order.board = "boards/a";
    order.revoke_lease = true;
    return rig_.Order(order);
  }
  std::vector<std::string> EventKinds() {
    std::vector<std::string> kinds;
    const absl::StatusOr<std::vector<v1::BoardEvent>> events = rig_.store().BoardEvents("boards/a", 20);
    EXPECT_TRUE(events.ok()) << events.status();
    for (const v1::BoardEvent& event : *events) kinds.push_back(event.kind());
    return kinds;
  }

  Rig rig_;
  FakeAgent agent_;
};

TEST_F(BoardTest, WithoutHealthTrialsANewBoardGetsWorkAtOnce) {
  EXPECT_EQ(State(), B::STATE_ACTIVE);
  EXPECT_EQ(rig_.Board("boards/a").board.waiting_reason(), "");
}

TEST_F(BoardTest, ABusyBoardDrainsToTheEndOfItsTrial) {
  rig_.Create(2);
  ASSERT_TRUE(agent_.GetLease());
  const auto board = rig_.Order(Kind::kDrain, "boards/a", "new fan");
  ASSERT_TRUE(board.ok()) << board.status();
  EXPECT_EQ(board->state(), B::STATE_DRAINING);
  EXPECT_EQ(board->state_reason(), "new fan");
  EXPECT_EQ(board->record().state_by(), "kim");
  agent_.Call();
  agent_.Finish(v1::OUTCOME_COMPLETED);
  agent_.UploadAll();
  EXPECT_EQ(State(), B::STATE_DRAINED);
  EXPECT_EQ(rig_.Sweep("sweeps/s1").progress().completed_count(), 1u);
  // The other trial waits, and says why.
  agent_.Call();
  EXPECT_FALSE(agent_.GetLease());
  EXPECT_THAT(rig_.Board("boards/a").board.waiting_reason(), AllOf(HasSubstr("new fan"), HasSubstr("1 trials wait")));
  ASSERT_TRUE(rig_.Order(Kind::kRelease, "boards/a").ok());
  agent_.RunOne();
  EXPECT_EQ(rig_.Sweep("sweeps/s1").state(), v1::Sweep::STATE_SUCCEEDED);
}

TEST_F(BoardTest, AnIdleBoardIsDrainedAtOnceAndStaysSoOverARestart) {
  ASSERT_TRUE(rig_.Order(Kind::kDrain, "boards/a", "moved").ok());
  EXPECT_EQ(State(), B::STATE_DRAINED);
  rig_.Restart();
  EXPECT_EQ(State(), B::STATE_DRAINED);
  EXPECT_EQ(rig_.Board("boards/a").board.state_reason(), "moved");
}

TEST_F(BoardTest, AnImmediateDrainTakesTheLeaseBack) {
  rig_.Create(1);
  ASSERT_TRUE(agent_.GetLease());
  agent_.Call();
  ASSERT_TRUE(DrainNow().ok());
  ASSERT_TRUE(agent_.answered());
  agent_.Obey();
  EXPECT_TRUE(agent_.leases.empty());
  EXPECT_EQ(State(), B::STATE_DRAINING);
  agent_.Call();
  EXPECT_EQ(State(), B::STATE_DRAINED);
  EXPECT_EQ(rig_.Trials("sweeps/s1")[0].state(), v1::Trial::STATE_PENDING);
  // Once more is no error.
  EXPECT_TRUE(DrainNow().ok());
}

TEST_F(BoardTest, AQuarantinedBoardEndsItsTrialAndGetsNoOther) {
  rig_.Create(2);
  ASSERT_TRUE(agent_.GetLease());
  ASSERT_TRUE(rig_.Order(Kind::kQuarantine, "boards/a", "smells").ok());
  agent_.Finish(v1::OUTCOME_COMPLETED);
  agent_.UploadAll();
  EXPECT_EQ(rig_.Sweep("sweeps/s1").progress().completed_count(), 1u);
  EXPECT_FALSE(agent_.GetLease());
  EXPECT_THAT(EventKinds(), ElementsAre("quarantined", "active", "first session"));
}

TEST_F(BoardTest, WhatTheStateDoesNotAllowIsRefusedAndChangesNothing) {
  EXPECT_EQ(rig_.Order(Kind::kRelease, "boards/a").status().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(rig_.Order(Kind::kQuarantine, "boards/a", "smells").ok());
  const absl::Status drain = rig_.Order(Kind::kDrain, "boards/a").status();
  EXPECT_EQ(drain.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(drain.message(), "boards/a: a board cannot go from quarantined to draining");
  EXPECT_EQ(State(), B::STATE_QUARANTINED);
  EXPECT_EQ(rig_.Order(Kind::kDrain, "boards/b").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(BoardTest, AnOrderThatCouldNotBeStoredIsNotAcknowledged) {
  rig_.fault = absl::ResourceExhaustedError("disk full");
  EXPECT_EQ(rig_.Order(Kind::kQuarantine, "boards/a", "smells").status().code(), absl::StatusCode::kResourceExhausted);
  rig_.fault = absl::OkStatus();
  EXPECT_EQ(State(), B::STATE_ACTIVE);
}

TEST_F(BoardTest, ARetiredBoardIsGoneWithItsWork) {
  rig_.Create(2);
  ASSERT_TRUE(agent_.GetLease());
  agent_.Call();
  ASSERT_TRUE(rig_.Order(Kind::kRetire, "boards/a", "sold").ok());
  ASSERT_TRUE(agent_.answered());
  EXPECT_EQ(agent_.answer().status().code(), absl::StatusCode::kAborted);
  for (const v1::Trial& trial : rig_.Trials("sweeps/s1")) {
    EXPECT_EQ(trial.state(), v1::Trial::STATE_FAILED);
    EXPECT_EQ(trial.state_reason(), "NO_RESOURCE: boards/a is retired (sold)");
  }
  EXPECT_EQ(rig_.Sweep("sweeps/s1").state(), v1::Sweep::STATE_FAILED);
  // Neither it nor a new incarnation may come back, nor is it offered.
  agent_.Restarted();
  agent_.Call();
  ASSERT_TRUE(agent_.answered());
  EXPECT_EQ(agent_.answer().status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(rig_.Create(PairSweep(1, {"boards/a"})).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(rig_.Order(Kind::kRelease, "boards/a").status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(rig_.Order(Kind::kRetire, "boards/a").ok());
  rig_.Restart();
  EXPECT_EQ(State(), B::STATE_RETIRED);
}

TEST_F(BoardTest, ARetiredBoardsLateResultIsEvidence) {
  rig_.Create(1);
  ASSERT_TRUE(agent_.GetLease());
  agent_.Call();
  const auto key = agent_.Finish(v1::OUTCOME_COMPLETED);
  ASSERT_TRUE(rig_.Order(Kind::kRetire, "boards/a").ok());
  const auto answer = agent_.Upload(key, agent_.spool.at(key));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_TRUE(answer->superseded());
  EXPECT_EQ(rig_.Trials("sweeps/s1")[0].state(), v1::Trial::STATE_FAILED);
}

TEST_F(BoardTest, LabLabelsTakePartInSelectors) {
  FakeAgent other(rig_, "boards/b");
  other.Call();
  other.Obey();
  BoardOrder order;
  order.kind = Kind::kUpdate;
  order.board = "boards/b";
  order.update.add_set_labels("site=berlin");
  order.update.set_notes("third shelf");
  ASSERT_TRUE(rig_.Order(order).ok());
  rig_.Restart();
  EXPECT_THAT(rig_.Board("boards/b").board.labels(), ElementsAre("site=berlin"));
  EXPECT_EQ(rig_.Board("boards/b").board.record().notes(), "third shelf");
  v1::CreateSweepRequest request = PairSweep(1);
  request.mutable_spec()->mutable_selector()->add_labels("site=berlin");
  const auto sweep = rig_.Create(request);
  ASSERT_TRUE(sweep.ok()) << sweep.status();
  const std::vector<v1::Trial> trials = rig_.Trials(sweep->name());
  ASSERT_EQ(trials.size(), 1u);
  EXPECT_EQ(trials[0].board(), "boards/b");
}

TEST_F(BoardTest, ALeaseThatIsTakenBackAlreadyMayBeCancelledToo) {
  const v1::Sweep sweep = rig_.Create(2);
  ASSERT_TRUE(agent_.GetLease());
  agent_.Call();
  ASSERT_TRUE(DrainNow().ok());
  ASSERT_TRUE(rig_.Cancel(sweep.name()).ok());
  agent_.Obey();
  agent_.Call();
  EXPECT_EQ(rig_.Sweep(sweep.name()).state(), v1::Sweep::STATE_CANCELLED);
  EXPECT_EQ(State(), B::STATE_DRAINED);
}

TEST_F(BoardTest, ADrainedBoardTakesPartOnlyByName) {
  ASSERT_TRUE(rig_.Order(Kind::kDrain, "boards/a").ok());
  const absl::Status nobody = rig_.Create(PairSweep(1)).status();
  EXPECT_EQ(nobody.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(nobody.message()), HasSubstr("boards/a (drained)"));
  EXPECT_TRUE(rig_.Create(PairSweep(1, {"boards/a"})).ok());
}

TEST_F(BoardTest, ALimitKeepsLongTrialsAwayAndEndsThoseWithoutOne) {
  BoardOrder order;
  order.kind = Kind::kUpdate;
  order.board = "boards/a";
  order.update.mutable_max_trial_time()->set_seconds(5);
  ASSERT_TRUE(rig_.Order(order).ok());
  v1::CreateSweepRequest request = PairSweep(1);
  request.mutable_spec()->mutable_trial_time()->set_seconds(6);
  ASSERT_TRUE(rig_.Create(request).ok());
  agent_.Call();
  EXPECT_EQ(rig_.Trials("sweeps/s1")[0].state_reason(), "NO_RESOURCE: boards/a takes no trial longer than 5s");
  // 5 s for the trial, 1 s for its progress, 60 s beyond: then the lease ends, however often it is reported.
  rig_.Create(1);
  ASSERT_TRUE(agent_.GetLease());
  for (int i = 0; i < 14; ++i) {
    agent_.Call();
    rig_.Advance(absl::Seconds(5));
  }
  EXPECT_THAT(rig_.Results("sweeps/s2").at(0).attempt().cause(), HasSubstr("hard cap"));
}

TEST_F(BoardTest, ThreeStartErrorsInADayAreQuarantine) {
  rig_.Create(2);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(State(), B::STATE_ACTIVE) << i;
    ASSERT_TRUE(agent_.GetLease());
    agent_.leases[0].set_state(v1::HeldLease::STATE_FAILED);
    agent_.leases[0].set_start_error("no worker");
    agent_.Call();
    agent_.leases.clear();
  }
  EXPECT_EQ(State(), B::STATE_QUARANTINED);
  EXPECT_EQ(rig_.Board("boards/a").board.state_reason(),
            "3 strikes in 24 h, the last: BOARD: could not start: no worker");
  ASSERT_TRUE(rig_.Order(Kind::kRelease, "boards/a", "worker installed").ok());
  EXPECT_EQ(State(), B::STATE_ACTIVE);
  EXPECT_TRUE(rig_.Board("boards/a").board.record().strike_times().empty());
}

TEST_F(BoardTest, ASelfCheckThatStaysBadIsQuarantineAndOneThatRecoversIsNot) {
  agent_.health = "disk full";
  agent_.Call();
  rig_.Advance(absl::Minutes(5));
  agent_.health = "";
  agent_.Call();
  rig_.Advance(absl::Minutes(20));
  EXPECT_EQ(State(), B::STATE_ACTIVE);
  agent_.health = "disk full";
  agent_.Call();
  // It must be heard: what a silent board said last is no news.
  for (int minute = 0; minute < 9; ++minute) {
    rig_.Advance(absl::Minutes(1));
    agent_.Call();
  }
  EXPECT_EQ(State(), B::STATE_ACTIVE);
  rig_.Advance(absl::Minutes(1));
  EXPECT_EQ(State(), B::STATE_QUARANTINED);
  EXPECT_EQ(rig_.Board("boards/a").board.state_reason(), "its self-check fails since 10m: disk full");
}

}  // namespace
}  // namespace crosscall::dispatch
