// The life of sweeps and trials, seen from users and one well-behaved agent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/shared/proto_time.h"
#include "tests/controller/dispatch/rig.h"

namespace crosscall::dispatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SweepTest : public ::testing::Test {
 protected:
  SweepTest() : agent_(rig_, "boards/a") {
    agent_.Call();
    agent_.Obey();
  }

  Rig rig_;
  FakeAgent agent_;
};

TEST_F(SweepTest, RunsFromCreationToSuccess) {
  const v1::Sweep created = rig_.Create(3);
  EXPECT_EQ(created.name(), "sweeps/s1");
  EXPECT_EQ(created.state(), v1::Sweep::STATE_PENDING);
  EXPECT_EQ(created.progress().pending_count(), 3u);
  ASSERT_TRUE(agent_.GetLease());
  EXPECT_EQ(rig_.Sweep("sweeps/s1").state(), v1::Sweep::STATE_RUNNING);
  EXPECT_EQ(rig_.Sweep("sweeps/s1").progress().running_count(), 1u);
  EXPECT_EQ(rig_.Board("boards/a").board.running_trial(), agent_.leases[0].trial());
  for (int i = 0; i < 3; ++i) agent_.RunOne();
  const v1::Sweep done = rig_.Sweep("sweeps/s1");
  EXPECT_EQ(done.state(), v1::Sweep::STATE_SUCCEEDED);
  EXPECT_EQ(done.progress().completed_count(), 3u);
  EXPECT_DOUBLE_EQ(done.coverage(), 1);
  EXPECT_TRUE(done.has_start_time() && done.has_end_time());
  for (const v1::Trial& trial : rig_.Trials("sweeps/s1")) {
    EXPECT_EQ(trial.state(), v1::Trial::STATE_FINISHED);
    EXPECT_EQ(trial.outcome(), v1::OUTCOME_COMPLETED);
    EXPECT_EQ(trial.attempt_count(), 1u);
  }
  for (const v1::Result& result : rig_.Results("sweeps/s1")) {
    EXPECT_EQ(result.attempt().lease_state(), "completed");
    EXPECT_EQ(result.payload().outcome(), v1::OUTCOME_COMPLETED);
  }
  EXPECT_THAT(rig_.snapshot()->open_sweeps, IsEmpty());
}

TEST_F(SweepTest, AnIdleAgentIsHeldAndAnsweredAtOnceWhenWorkComes) {
  agent_.Call();
  EXPECT_FALSE(agent_.answered());
  rig_.Advance(absl::Seconds(10));
  rig_.Create(1);
  ASSERT_TRUE(agent_.answered());
  ASSERT_EQ(agent_.answer()->leases_size(), 1);
  const v1::DesiredLease& lease = agent_.answer()->leases(0);
  EXPECT_EQ(lease.trial(), "sweeps/s1/trials/t000000");
  EXPECT_EQ(lease.attempt(), 1u);
  EXPECT_EQ(lease.spec().implementation(), "call_lock/spin/mask_all");
  // Of the first term, counted from when the call came.
  EXPECT_EQ(lease.time_left().seconds(), 70);
  EXPECT_EQ(agent_.answer()->hold_duration().seconds(), 5);
  EXPECT_EQ(rig_.snapshot()->dispatch_latency.count(), 1u);
}

TEST(ExploreTest, TheBoardMeasuresWhatItCanBeforeItSearches) {
  Rig rig;
  v1::BoardDescription description = scheduler::DescribedBoard(2);
  description.add_target_systems(v1::TARGET_SYSTEM_SIGNAL);
  description.add_target_systems(v1::TARGET_SYSTEM_EXPLORE);
  FakeAgent agent(rig, "boards/a", description);
  agent.Call();
  agent.Obey();
  v1::CreateSweepRequest mixed = PairSweep(2);
  mixed.mutable_spec()->add_target_systems(v1::TARGET_SYSTEM_EXPLORE);
  mixed.mutable_spec()->add_target_systems(v1::TARGET_SYSTEM_SIGNAL);
  ASSERT_TRUE(rig.Create(mixed).ok());
  v1::CreateSweepRequest explores = PairSweep(1);
  explores.mutable_spec()->set_implementations(0, "*");
  explores.mutable_spec()->add_target_systems(v1::TARGET_SYSTEM_EXPLORE);
  ASSERT_TRUE(rig.Create(explores).ok());
  std::vector<std::string> order;
  const auto run_one = [&](v1::Outcome outcome) {
    ASSERT_TRUE(agent.GetLease());
    const std::string name = agent.leases[0].trial();
    const std::string sweep = name.substr(0, name.find("/trials"));
    for (const v1::Trial& trial : rig.Trials(sweep)) {
      if (trial.name() == name) order.push_back(absl::StrCat(sweep.substr(7), "/", trial.spec().target_system()));
    }
    agent.Finish(outcome);
    agent.UploadAll();
  };
  run_one(v1::OUTCOME_COMPLETED);
  run_one(v1::OUTCOME_INVALID);
  run_one(v1::OUTCOME_COMPLETED);  // its retry
  run_one(v1::OUTCOME_COMPLETED);
  ASSERT_TRUE(rig.Create(PairSweep(1)).ok());
  for (int i = 0; i < 5; ++i) run_one(v1::OUTCOME_COMPLETED);
  EXPECT_THAT(order, ElementsAre("s1/1", "s1/1", "s1/1", "s1/2", "s3/1", "s2/2", "s2/2", "s2/2", "s2/2"));
  EXPECT_EQ(rig.Board("boards/a").latencies.size(), 1u) << "a search has no latency";
  EXPECT_THAT(rig.snapshot()->open_sweeps, IsEmpty());
}

TEST_F(SweepTest, AHeldCallIsAnsweredUnchangedWhenItsHoldIsOver) {
  agent_.Call();
  rig_.Advance(absl::Seconds(29));
  EXPECT_FALSE(agent_.answered());
  rig_.Advance(absl::Seconds(1));
  ASSERT_TRUE(agent_.answered());
  EXPECT_TRUE(agent_.answer()->unchanged());
  EXPECT_EQ(agent_.answer()->hold_duration().seconds(), 30);
}

TEST_F(SweepTest, FindingsAreFinalAndInvalidIsTriedAgain) {
  rig_.Create(1);
  agent_.RunOne(v1::OUTCOME_INVALID);
  EXPECT_EQ(rig_.Trials("sweeps/s1")[0].state(), v1::Trial::STATE_PENDING);
  EXPECT_THAT(rig_.Trials("sweeps/s1")[0].state_reason(), HasSubstr("attempt 1: INVALID"));
  agent_.RunOne(v1::OUTCOME_HUNG);
  EXPECT_EQ(rig_.Trials("sweeps/s1")[0].state(), v1::Trial::STATE_FINISHED);
  EXPECT_EQ(rig_.Trials("sweeps/s1")[0].attempt_count(), 2u);
  EXPECT_EQ(rig_.Sweep("sweeps/s1").progress().invalid_attempt_count(), 1u);
  EXPECT_EQ(rig_.Sweep("sweeps/s1").state(), v1::Sweep::STATE_SUCCEEDED);
}

TEST_F(SweepTest, ATrialFailsAfterItsLastAttemptAndTheSweepByCoverage) {
  rig_.Create(1);
  for (int i = 0; i < 3; ++i) agent_.RunOne(v1::OUTCOME_INVALID);
  const v1::Trial trial = rig_.Trials("sweeps/s1")[0];
  EXPECT_EQ(trial.state(), v1::Trial::STATE_FAILED);
  EXPECT_THAT(trial.state_reason(), HasSubstr("ATTEMPTS_EXHAUSTED: attempt 3: INVALID"));
  const v1::Sweep sweep = rig_.Sweep("sweeps/s1");
  EXPECT_EQ(sweep.state(), v1::Sweep::STATE_FAILED);
  EXPECT_THAT(sweep.state_reason(), HasSubstr("coverage 0"));
  EXPECT_EQ(rig_.Results("sweeps/s1").size(), 3u);
}

TEST_F(SweepTest, ATrialThatCannotStartIsTriedAgainWithTheErrorKept) {
  rig_.Create(1);
  ASSERT_TRUE(agent_.GetLease());
  agent_.leases[0].set_state(v1::HeldLease::STATE_FAILED);
  agent_.leases[0].set_start_error("no worker");
  agent_.Call();
  ASSERT_TRUE(agent_.answered());
  EXPECT_EQ(agent_.answer()->leases(0).attempt(), 2u);
  const v1::Result first = rig_.Results("sweeps/s1")[0];
  EXPECT_EQ(first.attempt().lease_state(), "failed");
  EXPECT_EQ(first.attempt().outcome(), v1::OUTCOME_UNSPECIFIED);
  EXPECT_THAT(first.attempt().cause(), HasSubstr("no worker"));
}

// Attempts that differ in how they ended: by silence, by an error, by numbers that mean nothing.
TEST_F(SweepTest, EveryAttemptIsToldWithItsCauseAndTheOneThatItRepeats) {
  rig_.Create(1);
  ASSERT_TRUE(agent_.GetLease());
  const std::string trial = agent_.leases[0].trial();
  agent_.Call();
  rig_.Advance(absl::Minutes(4));
  agent_.leases.clear();
  ASSERT_TRUE(agent_.GetLease());
  agent_.leases[0].set_state(v1::HeldLease::STATE_FAILED);
  agent_.leases[0].set_start_error("no worker");
  agent_.Call();
  agent_.leases.clear();
  agent_.RunOne(v1::OUTCOME_INVALID);
  const absl::StatusOr<v1::GetTrialResponse> told = rig_.store().GetTrial(trial);
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_EQ(told->trial().name(), trial);
  EXPECT_EQ(told->trial().state(), v1::Trial::STATE_FAILED);
  ASSERT_EQ(told->attempts_size(), 3);
  const v1::Attempt& lost = told->attempts(0);
  EXPECT_EQ(lost.parent(), "");
  EXPECT_EQ(lost.outcome(), v1::OUTCOME_LOST);
  EXPECT_THAT(lost.cause(), HasSubstr("UNKNOWN: it was heard again, in the same boot"));
  const v1::Attempt& failed = told->attempts(1);
  EXPECT_EQ(failed.parent(), lost.name());
  EXPECT_EQ(failed.lease_state(), "failed");
  EXPECT_THAT(failed.cause(), HasSubstr("could not start: no worker"));
  const v1::Attempt& invalid = told->attempts(2);
  EXPECT_EQ(invalid.parent(), failed.name());
  EXPECT_EQ(invalid.outcome(), v1::OUTCOME_INVALID);
  for (const v1::Attempt& attempt : told->attempts()) {
    EXPECT_GE(shared::TimeOf(attempt.end_time()), shared::TimeOf(attempt.grant_time()));
  }
}

TEST_F(SweepTest, ATrialWithoutAttemptsIsThereAndAnotherIsNot) {
  rig_.Create(2);
  const std::vector<v1::Trial> trials = rig_.Trials("sweeps/s1");
  const absl::StatusOr<v1::GetTrialResponse> waiting = rig_.store().GetTrial(trials[1].name());
  ASSERT_TRUE(waiting.ok());
  EXPECT_EQ(waiting->attempts_size(), 0);
  EXPECT_TRUE(absl::IsNotFound(rig_.store().GetTrial("sweeps/s1/trials/t9").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(rig_.store().GetTrial("sweeps/s1").status()));
}

TEST_F(SweepTest, RetriesComeAfterFirstTries) {
  rig_.Create(3);
  ASSERT_TRUE(agent_.GetLease());
  const std::string first = agent_.leases[0].trial();
  agent_.Finish(v1::OUTCOME_INVALID);
  agent_.UploadAll();
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(agent_.GetLease());
    EXPECT_NE(agent_.leases[0].trial(), first);
    agent_.Finish(v1::OUTCOME_COMPLETED);
    agent_.UploadAll();
  }
  ASSERT_TRUE(agent_.GetLease());
  EXPECT_EQ(agent_.leases[0].trial(), first);
}

TEST_F(SweepTest, TwoSweepsShareABoardFairly) {
  rig_.Create(4);
  rig_.Create(4);
  std::vector<std::string> order;
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(agent_.GetLease());
    order.push_back(agent_.leases[0].trial().substr(7, 2));
    agent_.Finish(v1::OUTCOME_COMPLETED);
    agent_.UploadAll();
  }
  EXPECT_THAT(order, ElementsAre("s1", "s2", "s1", "s2", "s1", "s2", "s1", "s2"));
}

TEST_F(SweepTest, TheSameRequestIdMakesOneSweep) {
  v1::CreateSweepRequest request = PairSweep(2);
  request.set_request_id("once");
  const auto first = rig_.Create(request);
  const auto second = rig_.Create(request);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->name(), second->name());
  EXPECT_EQ(rig_.store().ListSweeps({})->sweeps_size(), 1);
  request.mutable_spec()->set_seed(9);
  EXPECT_EQ(rig_.Create(request).status().code(), absl::StatusCode::kAlreadyExists);
  rig_.Restart();
  request.mutable_spec()->clear_seed();
  EXPECT_EQ(rig_.Create(request)->name(), first->name());
}

TEST_F(SweepTest, AWantedIdIsTakenOnce) {
  v1::CreateSweepRequest request = PairSweep(1);
  request.set_sweep_id("mine");
  EXPECT_EQ(rig_.Create(request)->name(), "sweeps/mine");
  EXPECT_EQ(rig_.Create(request).status().code(), absl::StatusCode::kAlreadyExists);
  // A made name steps around one that a user took.
  request.set_sweep_id("s2");
  EXPECT_EQ(rig_.Create(request)->name(), "sweeps/s2");
  EXPECT_EQ(rig_.Create(1).name(), "sweeps/s3");
  v1::CreateSweepRequest taken = PairSweep(1);
  taken.set_sweep_id("s5");
  rig_.Create(taken).IgnoreError();
  EXPECT_EQ(rig_.Create(1).name(), "sweeps/s6");
}

TEST_F(SweepTest, ADryRunStoresNothing) {
  v1::CreateSweepRequest request = PairSweep(5);
  request.set_dry_run(true);
  request.set_request_id("x");
  const auto sweep = rig_.Create(request);
  ASSERT_TRUE(sweep.ok());
  EXPECT_EQ(sweep->name(), "");
  EXPECT_EQ(sweep->progress().total_count(), 5u);
  EXPECT_EQ(rig_.store().ListSweeps({})->sweeps_size(), 0);
}

TEST_F(SweepTest, BadSpecsAreRefusedWithTheirCode) {
  v1::CreateSweepRequest request = PairSweep(1, {"boards/none"});
  EXPECT_EQ(rig_.Create(request).status().code(), absl::StatusCode::kNotFound);
  request = PairSweep(1);
  request.mutable_spec()->mutable_selector()->add_labels("x=y");
  EXPECT_EQ(rig_.Create(request).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(SweepTest, CancelEndsWaitingTrialsAtOnceAndTheLeaseWhenTheAgentLetsGo) {
  rig_.Create(3);
  ASSERT_TRUE(agent_.GetLease());
  agent_.Call();
  ASSERT_FALSE(agent_.answered());
  const auto cancelling = rig_.Cancel("sweeps/s1");
  ASSERT_TRUE(cancelling.ok());
  EXPECT_EQ(cancelling->state(), v1::Sweep::STATE_CANCELLING);
  EXPECT_EQ(cancelling->progress().cancelled_count(), 2u);
  ASSERT_TRUE(agent_.answered());
  EXPECT_FALSE(agent_.answer()->unchanged());
  EXPECT_EQ(agent_.answer()->leases_size(), 0);
  EXPECT_TRUE(rig_.Cancel("sweeps/s1").ok());
  agent_.Obey();
  agent_.Call();
  const v1::Sweep ended = rig_.Sweep("sweeps/s1");
  EXPECT_EQ(ended.state(), v1::Sweep::STATE_CANCELLED);
  EXPECT_EQ(ended.progress().cancelled_count(), 3u);
  EXPECT_EQ(rig_.Results("sweeps/s1")[0].attempt().lease_state(), "revoked");
  EXPECT_TRUE(rig_.Cancel("sweeps/s1").ok());
}

TEST_F(SweepTest, AResultThatCommitsBeforeTheLeaseIsRevokedStays) {
  rig_.Create(1);
  ASSERT_TRUE(agent_.GetLease());
  const auto key = agent_.Finish(v1::OUTCOME_COMPLETED);
  ASSERT_TRUE(rig_.Cancel("sweeps/s1").ok());
  EXPECT_FALSE(agent_.Upload(key, agent_.spool[key])->superseded());
  EXPECT_EQ(rig_.Trials("sweeps/s1")[0].state(), v1::Trial::STATE_FINISHED);
  EXPECT_EQ(rig_.Sweep("sweeps/s1").state(), v1::Sweep::STATE_CANCELLED);
}

TEST_F(SweepTest, ASpooledResultOfACancelledSweepIsWaitedFor) {
  rig_.Create(1);
  ASSERT_TRUE(agent_.GetLease());
  const auto key = agent_.Finish(v1::OUTCOME_HUNG);
  ASSERT_TRUE(rig_.Cancel("sweeps/s1").ok());
  agent_.Call();
  EXPECT_EQ(rig_.Sweep("sweeps/s1").state(), v1::Sweep::STATE_CANCELLING);
  EXPECT_FALSE(agent_.Upload(key, agent_.spool[key])->superseded());
  EXPECT_EQ(rig_.Sweep("sweeps/s1").progress().hung_count(), 1u);
}

TEST_F(SweepTest, WhatHasEndedCannotBeCancelled) {
  rig_.Create(1);
  agent_.RunOne();
  EXPECT_EQ(rig_.Cancel("sweeps/s1").status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(rig_.Cancel("sweeps/none").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(SweepTest, TheDeadlineEndsASweepByCoverage) {
  v1::CreateSweepRequest request = PairSweep(2);
  request.mutable_spec()->mutable_sweep_deadline()->set_seconds(600);
  ASSERT_TRUE(rig_.Create(request).ok());
  agent_.RunOne();
  agent_.Cut();
  rig_.Advance(absl::Seconds(599));
  EXPECT_EQ(rig_.Sweep("sweeps/s1").state(), v1::Sweep::STATE_RUNNING);
  rig_.Advance(absl::Seconds(1));
  const v1::Sweep sweep = rig_.Sweep("sweeps/s1");
  EXPECT_EQ(sweep.state(), v1::Sweep::STATE_FAILED);
  EXPECT_DOUBLE_EQ(sweep.coverage(), 0.5);
  EXPECT_THAT(sweep.state_reason(), HasSubstr("deadline"));
  EXPECT_EQ(rig_.Trials("sweeps/s1")[1].state(), v1::Trial::STATE_EXPIRED);
}

TEST_F(SweepTest, ATrialThatItsBoardCanNoLongerRunFailsWithTheReason) {
  rig_.Create(2);
  agent_.Restarted();
  v1::SynchronizeRequest request = agent_.Request(1);
  request.mutable_description()->clear_implementations();
  agent_.Send(request);
  for (const v1::Trial& trial : rig_.Trials("sweeps/s1")) {
    EXPECT_EQ(trial.state(), v1::Trial::STATE_FAILED);
    EXPECT_THAT(trial.state_reason(), HasSubstr("NO_RESOURCE: boards/a no longer offers implementation"));
  }
  EXPECT_EQ(rig_.Sweep("sweeps/s1").state(), v1::Sweep::STATE_FAILED);
}

TEST_F(SweepTest, ABoardThatRefusesWorkSaysSoToThoseWhoWait) {
  agent_.health = "disk full";
  agent_.Call();
  rig_.Create(2);
  EXPECT_FALSE(agent_.answered());
  EXPECT_EQ(rig_.Board("boards/a").waiting_reason, "boards/a refuses work: disk full; 2 trials wait for it");
  EXPECT_EQ(rig_.Board("boards/a").board.health(), "disk full");
  agent_.health = "";
  EXPECT_TRUE(agent_.GetLease());
}

TEST_F(SweepTest, WatchersSeeEveryBatchAndTheEnd) {
  rig_.Create(2);
  std::vector<std::uint64_t> completed;
  int lasts = 0;
  const auto watch = [&](std::uint64_t id, const std::string& name) {
    rig_.Run(Engine::WatchSweep(id, name,
                                [&](absl::StatusOr<v1::Sweep> sweep, bool last) {
                                  ASSERT_TRUE(sweep.ok()) << sweep.status();
                                  completed.push_back(sweep->progress().completed_count());
                                  lasts += last ? 1 : 0;
                                }))
        .IgnoreError();
  };
  watch(77, "sweeps/s1");
  EXPECT_THAT(completed, ElementsAre(0));
  agent_.RunOne();
  agent_.RunOne();
  EXPECT_EQ(completed.back(), 2u);
  EXPECT_EQ(lasts, 1);
  watch(78, "sweeps/s1");
  EXPECT_EQ(completed.back(), 2u);
  EXPECT_EQ(lasts, 2);
}

TEST_F(SweepTest, AWatcherOfNothingIsToldAndOneThatLeavesIsCancelled) {
  std::vector<absl::StatusCode> codes;
  const auto watcher = [&codes](absl::StatusOr<v1::Sweep> sweep, bool last) {
    if (last) codes.push_back(sweep.status().code());
  };
  rig_.Run(Engine::WatchSweep(1, "sweeps/none", watcher)).IgnoreError();
  rig_.Create(1);
  rig_.Run(Engine::WatchSweep(2, "sweeps/s1", watcher)).IgnoreError();
  rig_.Run(Engine::Unwatch(2)).IgnoreError();
  rig_.Run(Engine::Unwatch(2)).IgnoreError();
  agent_.RunOne();
  EXPECT_THAT(codes, ElementsAre(absl::StatusCode::kNotFound, absl::StatusCode::kCancelled));
}

TEST_F(SweepTest, CountersAndLatenciesSurviveARestart) {
  rig_.Create(3);
  ASSERT_TRUE(agent_.GetLease());
  v1::TrialResult result;
  result.set_outcome(v1::OUTCOME_COMPLETED);
  result.set_calls(3);
  v1::Histogram& latency = *result.mutable_latency();
  latency.set_layout(1);
  latency.set_count(3);
  latency.set_min_nanos(10);
  latency.set_max_nanos(20);
  latency.set_sum_nanos_low(50);
  latency.add_index_deltas(10);
  latency.add_bucket_counts(1);
  latency.add_index_deltas(10);
  latency.add_bucket_counts(2);
  const auto key = agent_.Finish(v1::OUTCOME_COMPLETED);
  agent_.spool[key] = result.SerializeAsString();
  agent_.UploadAll();
  agent_.RunOne(v1::OUTCOME_HUNG);
  for (int round = 0; round < 2; ++round) {
    const BoardView view = rig_.Board("boards/a");
    EXPECT_EQ(view.outcomes.at(v1::OUTCOME_COMPLETED).count, 1u);
    EXPECT_EQ(view.outcomes.at(v1::OUTCOME_HUNG).count, 1u);
    EXPECT_EQ(view.hangs.at("call_lock/spin/mask_all").count, 1u);
    EXPECT_EQ(shared::TimeOf(view.board.last_hang_time()), rig_.clock().Wall());
    ASSERT_EQ(view.latencies.size(), 1u);
    EXPECT_EQ(view.latencies[0].scenario, "pair");
    EXPECT_EQ(view.latencies[0].calls, 3u);
    EXPECT_EQ(view.latencies[0].p50_nanos, 20u);
    EXPECT_EQ(view.latencies[0].max_nanos, 20u);
    const auto snapshot = rig_.snapshot();
    ASSERT_EQ(snapshot->call_latencies.size(), 1u);
    EXPECT_EQ(snapshot->call_latencies[0]->scenario, "pair");
    const shared::CallBuckets& calls = snapshot->call_latencies[0]->by_implementation.at("call_lock/spin/mask_all");
    EXPECT_EQ(calls.counts[0], 3u);
    EXPECT_DOUBLE_EQ(calls.sum_seconds, 50e-9);
    EXPECT_EQ(snapshot->counts.at("results_received"), 2u);
    rig_.Restart();
  }
}

}  // namespace
}  // namespace crosscall::dispatch
