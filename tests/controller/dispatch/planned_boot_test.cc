// Trials that ask for a boot of their own: the reboot is part of the lease (rule S10 of the fleet reference).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/store/maintenance.h"
#include "tests/controller/dispatch/fake_power.h"
#include "tests/controller/dispatch/rig.h"

namespace crosscall::dispatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using B = v1::Board;

Settings Switchable(FakePower& power) {
  Settings settings;
  settings.power = power.Port();
  return settings;
}

class PlannedBootTest : public ::testing::Test {
 protected:
  PlannedBootTest() : rig_(Switchable(power_)), agent_(rig_, "boards/a") {
    agent_.Call();
    agent_.Obey();
  }

  void SetPower() {
    BoardOrder order;
    order.kind = BoardOrder::Kind::kSetPower;
    order.board = "boards/a";
    order.power.add_argv("/bin/relay");
    EXPECT_TRUE(rig_.Order(order).ok());
  }
  absl::StatusOr<v1::Sweep> CreateFresh(std::uint32_t trials) {
    v1::CreateSweepRequest request = PairSweep(trials);
    request.mutable_spec()->set_fresh_boot(true);
    return rig_.Create(request);
  }
  // A sweep of fresh boots, whose first lease is granted into this call.
  void Begin(std::uint32_t trials = 1) {
    SetPower();
    ASSERT_TRUE(CreateFresh(trials).ok());
    agent_.Call();
    ASSERT_FALSE(power_.waiting.empty());
  }
  // From the reading before to the one after `on`.
  void SwitchOffAndOn() {
    for (const char* const output : {"on", "", "off", "", "on"}) power_.Answer(output);
  }
  void ComeBack() {
    agent_.Restarted(true);
    agent_.Call();
  }
  B Board() { return rig_.Board("boards/a").board; }
  v1::Trial Trial(std::size_t index = 0) { return rig_.Trials("sweeps/s1").at(index); }
  std::vector<v1::Attempt> Attempts() {
    const absl::StatusOr<v1::GetTrialResponse> told = rig_.store().GetTrial(Trial().name());
    EXPECT_TRUE(told.ok());
    return {told->attempts().begin(), told->attempts().end()};
  }

  FakePower power_;
  Rig rig_;
  FakeAgent agent_;
};

TEST_F(PlannedBootTest, IsPartOfTheLeaseAndFencesNothing) {
  Begin();
  EXPECT_EQ(Trial().state(), v1::Trial::STATE_RUNNING);
  EXPECT_FALSE(agent_.answered()) << "the agent of the old boot is not offered the lease";
  SwitchOffAndOn();
  EXPECT_THAT(power_.words, ElementsAre("status", "off", "status", "on", "status"));
  EXPECT_EQ(Board().state(), B::STATE_ACTIVE);
  rig_.Advance(absl::Minutes(3));
  ComeBack();
  agent_.Obey();
  ASSERT_EQ(agent_.leases.size(), 1u);
  EXPECT_EQ(agent_.leases[0].attempt(), 1u);
  agent_.Finish(v1::OUTCOME_COMPLETED);
  agent_.UploadAll();
  EXPECT_EQ(Trial().outcome(), v1::OUTCOME_COMPLETED);
  ASSERT_EQ(Attempts().size(), 1u);
  EXPECT_EQ(Attempts()[0].lease_state(), "completed");
  EXPECT_EQ(Board().record().diagnosis().phase(), v1::Diagnosis::PHASE_ENDED);
  EXPECT_EQ(rig_.Sweep("sweeps/s1").state(), v1::Sweep::STATE_SUCCEEDED);
  EXPECT_EQ(Board().record().cycle_times_size(), 0) << "it counts for no limit";
  EXPECT_EQ(Board().record().power_cycle_count(), 1u);
  EXPECT_EQ(Board().record().power_cycle_failure_count(), 0u);
}

TEST_F(PlannedBootTest, EachTrialHasItsOwn) {
  Begin(4);
  for (int trial = 0; trial < 4; ++trial) {
    SwitchOffAndOn();
    ComeBack();
    agent_.RunOne();
    agent_.Call();
  }
  EXPECT_EQ(std::count(power_.words.begin(), power_.words.end(), "off"), 4);
  EXPECT_EQ(rig_.Sweep("sweeps/s1").progress().completed_count(), 4u);
}

TEST_F(PlannedBootTest, TheBootMayCallBeforeItsPowerIsReadBack) {
  Begin();
  for (const char* const output : {"on", "", "off", ""}) power_.Answer(output);
  ComeBack();
  EXPECT_TRUE(agent_.leases.empty());
  agent_.Call();
  power_.Answer("on");
  ASSERT_TRUE(agent_.answered());
  agent_.Obey();
  ASSERT_EQ(agent_.leases.size(), 1u);
  EXPECT_EQ(agent_.leases[0].attempt(), 1u);
}

TEST_F(PlannedBootTest, ABootThatDoesNotComeInTimeEndsTheLease) {
  Begin();
  SwitchOffAndOn();
  rig_.Advance(absl::Minutes(16));
  ASSERT_EQ(Attempts().size(), 1u);
  EXPECT_EQ(Attempts()[0].outcome(), v1::OUTCOME_LOST);
  EXPECT_EQ(Attempts()[0].lease_state(), "fenced");
  EXPECT_THAT(Attempts()[0].cause(), StartsWith("BOARD: no new boot called within 15m"));
  EXPECT_EQ(Board().state(), B::STATE_QUARANTINED);
  EXPECT_EQ(Board().record().power_cycle_failure_count(), 1u);
  EXPECT_EQ(Trial().state(), v1::Trial::STATE_PENDING);
}

TEST_F(PlannedBootTest, ACommandThatLiesIsFoundOut) {
  Begin();
  SwitchOffAndOn();
  rig_.Advance(absl::Seconds(20));
  agent_.Call();
  EXPECT_EQ(Board().state(), B::STATE_QUARANTINED);
  EXPECT_THAT(Attempts()[0].cause(), HasSubstr("power step not verified"));
  EXPECT_EQ(Board().record().power_cycle_failure_count(), 1u);
}

TEST_F(PlannedBootTest, ARestartedControllerGoesOnWithTheSameAttempt) {
  Begin();
  power_.Answer("on");
  power_.waiting.clear();
  rig_.Restart();
  rig_.Advance(absl::Seconds(1));
  power_.Answer("");
  for (const char* const output : {"off", "", "on"}) power_.Answer(output);
  rig_.Restart();
  ComeBack();
  agent_.Obey();
  ASSERT_EQ(agent_.leases.size(), 1u);
  EXPECT_EQ(agent_.leases[0].attempt(), 1u);
  rig_.Restart();
  agent_.Call();
  agent_.Finish(v1::OUTCOME_COMPLETED);
  agent_.UploadAll();
  EXPECT_EQ(Attempts().size(), 1u);
  const absl::StatusOr<store::CheckReport> report = store::CheckFolder(rig_.folder());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->problems, ElementsAre());
}

TEST_F(PlannedBootTest, CancelledItStillGetsItsPowerBack) {
  Begin();
  power_.Answer("on");
  ASSERT_TRUE(rig_.Cancel("sweeps/s1").ok());
  EXPECT_EQ(rig_.Sweep("sweeps/s1").state(), v1::Sweep::STATE_CANCELLED);
  EXPECT_EQ(Attempts()[0].lease_state(), "revoked");
  rig_.Create(1, {"boards/a"});
  agent_.Call();
  EXPECT_FALSE(agent_.answered()) << "no work while its power is switched";
  for (const char* const output : {"", "off", "", "on"}) power_.Answer(output);
  EXPECT_EQ(power_.words.back(), "status");
  ComeBack();
  EXPECT_TRUE(agent_.GetLease());
}

TEST_F(PlannedBootTest, NeedsAPowerCommand) {
  const absl::Status refused = CreateFresh(1).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_THAT(refused.message(), HasSubstr("boards set-power"));
}

}  // namespace
}  // namespace crosscall::dispatch
