// Agents of other releases than the controller's, and sweeps that do not mix versions (rule P9).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/dispatch/explain.h"
#include "tests/controller/dispatch/rig.h"

namespace crosscall::dispatch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr std::uint32_t kRelease = 7;

Settings OfRelease(std::uint32_t release) {
  Settings settings;
  settings.release = release;
  return settings;
}

v1::BoardDescription Described(std::uint32_t release, const std::string& version = "0.7.0") {
  v1::BoardDescription description = scheduler::DescribedBoard(2);
  description.set_release(release);
  description.set_agent_version(version);
  return description;
}

class ReleaseTest : public ::testing::Test {
 protected:
  std::string WhyWaits(const std::string& sweep) {
    v1::ExplainSweepRequest request;
    request.set_name(sweep);
    std::string reason;
    rig_.Run(Engine::ExplainSweep(request,
                                  [&reason](const absl::StatusOr<v1::ExplainSweepResponse>& answer) {
                                    ASSERT_TRUE(answer.ok()) << answer.status();
                                    ASSERT_GT(answer->waits_size(), 0);
                                    reason = answer->waits(0).reason();
                                  }))
        .IgnoreError();
    return reason;
  }

  Rig rig_{OfRelease(kRelease)};
};

TEST_F(ReleaseTest, ItsOwnAndTheTwoBeforeWork) {
  for (std::uint32_t back : {0, 1, 2}) {
    const std::string board = absl::StrCat("boards/back-", back);
    FakeAgent agent(rig_, board, Described(kRelease - back));
    agent.Call();
    ASSERT_TRUE(agent.answered());
    EXPECT_EQ(agent.answer()->server_release(), kRelease);
    EXPECT_EQ(agent.answer()->refusal(), "") << back;
    const v1::Sweep sweep = rig_.Create(1, {board});
    agent.RunOne();
    EXPECT_EQ(rig_.Sweep(sweep.name()).state(), v1::Sweep::STATE_SUCCEEDED) << back;
  }
}

TEST_F(ReleaseTest, OthersAreSeenButGetNoLeaseAndAreToldWhy) {
  FakeAgent served(rig_, "boards/served", Described(kRelease));
  served.Call();
  served.Obey();
  for (std::uint32_t release : {kRelease - 3, kRelease + 1}) {
    const std::string board = absl::StrCat("boards/r", release);
    FakeAgent agent(rig_, board, Described(release));
    agent.Call();
    ASSERT_TRUE(agent.answered());
    EXPECT_THAT(agent.answer()->refusal(), HasSubstr(absl::StrCat("release ", release)));
    const v1::Sweep sweep = rig_.Create(1, {board});
    EXPECT_FALSE(agent.GetLease()) << release;
    EXPECT_THAT(WhyWaits(sweep.name()),
                AllOf(HasSubstr(board), HasSubstr("this controller serves releases 5 to 7: upgrade the")));
    EXPECT_TRUE(rig_.Board(board).board.online());
    EXPECT_THAT(rig_.Board(board).waiting_reason, HasSubstr("serves releases 5 to 7"));
    EXPECT_EQ(rig_.Cancel(sweep.name())->state(), v1::Sweep::STATE_CANCELLED);
  }
  const v1::Sweep everywhere = rig_.Create(1);
  ASSERT_EQ(rig_.Trials(everywhere.name()).size(), 1u) << "only boards that can be served take part unasked";
  EXPECT_EQ(rig_.Trials(everywhere.name())[0].board(), "boards/served");
}

TEST_F(ReleaseTest, AnUpgradedAgentGetsWhatWaitedForIt) {
  FakeAgent old(rig_, "boards/a", Described(kRelease - 3, "0.4.0"));
  old.Call();
  old.Obey();
  rig_.Create(1, {"boards/a"});
  EXPECT_FALSE(old.GetLease());
  old.Cut();
  FakeAgent upgraded(rig_, "boards/a", Described(kRelease - 1, "0.6.0"));
  upgraded.Reincarnate();
  upgraded.RunOne();
  EXPECT_EQ(rig_.Sweep("sweeps/s1").state(), v1::Sweep::STATE_SUCCEEDED);
}

TEST_F(ReleaseTest, ALeaseGoesOnWhenTheControllerIsUpgradedPastIt) {
  Rig old(OfRelease(kRelease - 3));
  FakeAgent agent(old, "boards/a", Described(kRelease - 3));
  agent.Call();
  agent.Obey();
  old.Create(2, {"boards/a"});
  ASSERT_TRUE(agent.GetLease());
  old.Restart(OfRelease(kRelease));
  agent.Call();
  ASSERT_TRUE(agent.answered());
  EXPECT_EQ(agent.leases.size(), 1u);
  EXPECT_TRUE(agent.answer()->unchanged()) << "what runs is not stopped";
  EXPECT_NE(agent.answer()->refusal(), "");
  agent.Finish(v1::OUTCOME_COMPLETED);
  agent.UploadAll();
  EXPECT_EQ(old.Sweep("sweeps/s1").progress().completed_count(), 1u);
  EXPECT_FALSE(agent.GetLease()) << "but nothing more begins";
}

TEST_F(ReleaseTest, ASweepKeepsTheVersionThatItBeganWithOnABoard) {
  FakeAgent before(rig_, "boards/a", Described(kRelease, "0.7.0"));
  before.Call();
  before.Obey();
  rig_.Create(3, {"boards/a"});
  before.RunOne();
  before.Cut();
  // The pin is in the store.
  rig_.Restart();
  FakeAgent after(rig_, "boards/a", Described(kRelease, "0.7.1"));
  after.Reincarnate();
  after.Call();
  const v1::Sweep ended = rig_.Sweep("sweeps/s1");
  EXPECT_EQ(ended.state(), v1::Sweep::STATE_FAILED);
  EXPECT_EQ(ended.progress().completed_count(), 1u);
  EXPECT_EQ(ended.progress().failed_count(), 2u);
  int told = 0;
  for (const v1::Trial& trial : rig_.Trials("sweeps/s1")) {
    if (trial.state() != v1::Trial::STATE_FAILED) continue;
    ++told;
    EXPECT_THAT(trial.state_reason(), AllOf(HasSubstr("NO_RESOURCE"), HasSubstr("0.7.0"), HasSubstr("0.7.1")));
  }
  EXPECT_EQ(told, 2);
  after.Obey();
  rig_.Create(1, {"boards/a"});
  after.RunOne();
  EXPECT_EQ(rig_.Sweep("sweeps/s2").state(), v1::Sweep::STATE_SUCCEEDED) << "a new sweep has the new version";
}

TEST_F(ReleaseTest, VersionsAreKeptApartByBoard) {
  FakeAgent a(rig_, "boards/a", Described(kRelease, "0.7.0"));
  FakeAgent b(rig_, "boards/b", Described(kRelease - 1, "0.6.0"));
  for (FakeAgent* agent : {&a, &b}) {
    agent->Call();
    agent->Obey();
  }
  rig_.Create(2);
  for (FakeAgent* agent : {&a, &b, &a, &b}) agent->RunOne();
  EXPECT_EQ(rig_.Sweep("sweeps/s1").state(), v1::Sweep::STATE_SUCCEEDED);
}

TEST_F(ReleaseTest, WhatAnAgentSaysThatTheControllerDoesNotKnowIsNoError) {
  v1::BoardDescription description = Described(kRelease);
  description.add_target_systems(v1::TARGET_SYSTEM_SIGNAL);
  description.add_target_systems(static_cast<v1::TargetSystem>(1000));
  description.GetReflection()->MutableUnknownFields(&description)->AddVarint(5000, 1);
  FakeAgent agent(rig_, "boards/a", description);
  agent.Call();
  ASSERT_TRUE(agent.answered() && agent.answer().ok()) << agent.answer().status();
  agent.Obey();
  rig_.Create(1, {"boards/a"});
  ASSERT_TRUE(agent.GetLease());
  // A state that is not known is that of a lease which is held.
  agent.leases.at(0).set_state(static_cast<v1::HeldLease::State>(1000));
  v1::SynchronizeRequest report = agent.Request(agent.sequence() + 1);
  report.GetReflection()->MutableUnknownFields(&report)->AddLengthDelimited(5001, "news");
  agent.Send(report);
  EXPECT_EQ(rig_.Trials("sweeps/s1")[0].state(), v1::Trial::STATE_RUNNING);
  agent.Finish(v1::OUTCOME_COMPLETED);
  agent.UploadAll();
  EXPECT_EQ(rig_.Sweep("sweeps/s1").state(), v1::Sweep::STATE_SUCCEEDED);
}

}  // namespace
}  // namespace crosscall::dispatch
