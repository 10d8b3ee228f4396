// The boot id decides: what the return of a board means, whatever its power command said.
#include "controller/scheduler/power_verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/scheduler/power_cycle.h"

namespace crosscall::scheduler {
namespace {

using D = v1::Diagnosis;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
constexpr char kStall[] = "watchdog: BUG: soft lockup - CPU#2 stuck for 23s!\nKernel panic - not syncing";
constexpr char kOops[] = "BUG: unable to handle page fault\nOops: 0002\nKernel panic - not syncing";

class PowerVerdictTest : public ::testing::Test {
 protected:
  PowerVerdictTest() {
    diagnosis_.set_boot_id("boot-1");
    diagnosis_.set_incarnation_id("life-1");
    diagnosis_.set_power_before(D::POWER_ON);
    diagnosis_.set_switched(true);
    diagnosis_.set_phase(D::PHASE_BOOT);
    other_.boot_id = "boot-2";
    other_.incarnation_id = "life-2";
    other_.silent_for = absl::Seconds(400);
  }
  void AddRun(const char* word, const char* output) {
    AddPowerStep(diagnosis_, word, "exit status 0", output, kNow);
    diagnosis_.mutable_steps(diagnosis_.steps_size() - 1)->set_accepted(true);
  }
  PowerVerdict Judge(const Returned& returned) { return JudgeReturn(diagnosis_, returned, kNow); }

  D diagnosis_;
  Returned other_;
};

TEST_F(PowerVerdictTest, APoweredBoardWhoseConsoleAnswersNoNmiHasWedged) {
  AddRun("console", "login:");
  AddRun("nmi", "");
  AddRun("console", "login:");
  const PowerVerdict verdict = Judge(other_);
  EXPECT_EQ(verdict.outcome, v1::OUTCOME_WEDGED);
  EXPECT_THAT(verdict.cause, HasSubstr("answered to nothing for 6m40s, its console not even to an NMI"));
  EXPECT_FALSE(verdict.quarantine);
}

// Its link may have been all that was broken.
TEST_F(PowerVerdictTest, ASilenceThatOnlyACycleEndedIsNoWedge) {
  EXPECT_EQ(Judge(other_).outcome, v1::OUTCOME_LOST);
  EXPECT_THAT(Judge(other_).cause, StartsWith("UNKNOWN: "));
}

TEST_F(PowerVerdictTest, AConsoleThatAnswersAnNmiOrCannotBeReadShowsNoWedge) {
  AddRun("console", "login:");
  AddRun("nmi", "");
  AddRun("console", "login:\nUhhuh. NMI received for unknown reason");
  EXPECT_EQ(Judge(other_).outcome, v1::OUTCOME_LOST);
  for (const int refused : {0, 1, 2}) {
    diagnosis_.clear_steps();
    AddRun("console", "busy");
    AddRun("nmi", "");
    AddRun("console", "busy");
    diagnosis_.mutable_steps(refused)->set_accepted(false);
    EXPECT_EQ(Judge(other_).outcome, v1::OUTCOME_LOST) << refused;
  }
}

TEST_F(PowerVerdictTest, TheSameBootAfterACycleConvictsThePowerCommand) {
  other_.boot_id = "boot-1";
  const PowerVerdict verdict = Judge(other_);
  EXPECT_EQ(verdict.outcome, v1::OUTCOME_LOST);
  EXPECT_TRUE(verdict.quarantine);
  EXPECT_THAT(verdict.cause, HasSubstr("power step not verified"));
}

TEST_F(PowerVerdictTest, TheSameBootWithoutACycleIsNetworkOrAgent) {
  diagnosis_.set_switched(false);
  other_.boot_id = "boot-1";
  EXPECT_THAT(Judge(other_).cause, StartsWith("AGENT: "));
  other_.incarnation_id = "life-1";
  EXPECT_THAT(Judge(other_).cause, StartsWith("UNKNOWN: "));
  other_.why_silent = "NETWORK: its agent ran";
  const PowerVerdict verdict = Judge(other_);
  EXPECT_THAT(verdict.cause, StartsWith("NETWORK: "));
  EXPECT_FALSE(verdict.quarantine);
}

TEST_F(PowerVerdictTest, ABoardThatHadNoPowerDidNotWedge) {
  diagnosis_.set_power_before(D::POWER_OFF);
  EXPECT_EQ(Judge(other_).outcome, v1::OUTCOME_LOST);
  EXPECT_THAT(Judge(other_).cause, StartsWith("POWER: "));
}

TEST_F(PowerVerdictTest, WithoutReadingAndEvidenceTheCauseIsNotKnown) {
  diagnosis_.set_power_before(D::POWER_UNSPECIFIED);
  EXPECT_EQ(Judge(other_).outcome, v1::OUTCOME_LOST);
  EXPECT_THAT(Judge(other_).cause, StartsWith("UNKNOWN: "));
}

TEST_F(PowerVerdictTest, WhatTheConsoleSaysDecidesWithoutAReading) {
  diagnosis_.set_power_before(D::POWER_UNSPECIFIED);
  AddPowerStep(diagnosis_, "console", "exit status 0", kStall, kNow);
  EXPECT_EQ(Judge(other_).outcome, v1::OUTCOME_WEDGED);
}

TEST_F(PowerVerdictTest, ANewCrashLogDecidesAndAnOldOneDoesNot) {
  other_.crash_log.set_id("2");
  other_.crash_log.set_text(kOops);
  D fresh = diagnosis_;
  EXPECT_EQ(JudgeReturn(fresh, other_, kNow).outcome, v1::OUTCOME_CRASHED);
  EXPECT_EQ(fresh.steps(0).output(), kOops);
  diagnosis_.set_known_crash_log("2");
  EXPECT_EQ(Judge(other_).outcome, v1::OUTCOME_LOST);
  EXPECT_EQ(diagnosis_.steps(0).output(), "");
}

TEST_F(PowerVerdictTest, APanicThatAnNmiAskedForIsNoFinding) {
  diagnosis_.set_nmi_sent(true);
  diagnosis_.set_switched(false);
  other_.crash_log.set_id("2");
  other_.crash_log.set_text("Kernel panic - not syncing: NMI: Not continuing");
  EXPECT_EQ(Judge(other_).outcome, v1::OUTCOME_LOST);
}

TEST_F(PowerVerdictTest, ABootThatNobodyOrderedIsWhatItLeftBehind) {
  diagnosis_.set_switched(false);
  EXPECT_THAT(Judge(other_).cause, StartsWith("POWER: "));
  D none;
  EXPECT_EQ(JudgeBoot(none, "", other_, kNow).outcome, v1::OUTCOME_LOST);
  EXPECT_EQ(none.steps_size(), 0);
  other_.crash_log.set_id("2");
  other_.crash_log.set_text(kStall);
  EXPECT_EQ(JudgeBoot(none, "2", other_, kNow).outcome, v1::OUTCOME_LOST);
  EXPECT_EQ(JudgeBoot(none, "1", other_, kNow).outcome, v1::OUTCOME_WEDGED);
  EXPECT_EQ(none.steps(0).output(), kStall);
}

TEST_F(PowerVerdictTest, WhileItsPowerIsSwitchedWhatIsHeardProvesNothing) {
  EXPECT_TRUE(IsReturn(diagnosis_));
  diagnosis_.set_phase(D::PHASE_READ_OFF);
  EXPECT_FALSE(IsReturn(diagnosis_));
  diagnosis_.set_switched(false);
  diagnosis_.set_phase(D::PHASE_PATIENCE);
  EXPECT_TRUE(IsReturn(diagnosis_));
  diagnosis_.set_ordered_by("kim");
  EXPECT_FALSE(IsReturn(diagnosis_));
}

TEST(SignTest, AStallIsOneEvenIfItsDetectorPanicked) {
  EXPECT_EQ(SignOf(kStall), Sign::kStall);
  EXPECT_EQ(SignOf("rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:"), Sign::kStall);
  EXPECT_EQ(SignOf(kOops), Sign::kOops);
  EXPECT_EQ(SignOf("login:"), Sign::kNone);
}

}  // namespace
}  // namespace crosscall::scheduler
