// What is done about a silent board, step by step, whatever its power command says of itself.
#include "controller/scheduler/power_cycle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/shared/proto_time.h"

namespace crosscall::scheduler {
namespace {

using D = v1::Diagnosis;
using Kind = Course::Kind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

class PowerCycleTest : public ::testing::Test {
 protected:
  PowerCycleTest() { record_.mutable_power()->add_argv("/bin/relay"); }

  void Begin(absl::Duration silent = absl::Hours(1), const std::string& by = "") {
    diagnosis_ = BeginDiagnosis({.reason = "silent",
                                 .ordered_by = by,
                                 .attempt = "",
                                 .boot_id = "boot-1",
                                 .incarnation_id = "life-1",
                                 .known_crash_log = "",
                                 .since = now_ - silent},
                                rules_, now_);
  }
  PowerScene Scene() { return {.record = record_, .rules = rules_, .now = now_, .lab_is_silent = lab_is_silent_}; }
  std::string Word() const { return std::string(WordOf(diagnosis_)); }

  // Gives the command `word`, which must be the one that is due.
  Course Report(const std::string& word, const std::string& output, bool accepted = true) {
    EXPECT_EQ(Word(), word);
    now_ += absl::Seconds(1);
    CommandReport report;
    report.accepted = accepted;
    report.result = accepted ? "exit status 0" : "exit status 1";
    report.output = output;
    return TakeReport(diagnosis_, report, Scene());
  }
  Course PassDeadline() {
    now_ = shared::TimeOf(diagnosis_.phase_deadline());
    return TakeDeadline(diagnosis_, Scene());
  }
  // Runs what is due, answering `status` by the power that the words before have made.
  std::vector<std::string> RunToBoot() {
    std::vector<std::string> words;
    std::string power = "on";
    while (diagnosis_.phase() != D::PHASE_BOOT && words.size() < 20) {
      const std::string word = Word();
      if (word.empty()) {
        words.push_back("(wait)");
        EXPECT_EQ(PassDeadline().kind, Kind::kGoesOn);
        continue;
      }
      words.push_back(word);
      if (word == "on" || word == "off") power = word;
      EXPECT_EQ(Report(word, word == "status" ? power : "").kind, Kind::kGoesOn);
    }
    return words;
  }

  PowerRules rules_;
  v1::BoardRecord record_;
  D diagnosis_;
  absl::Time now_ = kNow;
  bool lab_is_silent_ = false;
};

TEST_F(PowerCycleTest, APlainCommandIsReadSwitchedAndReadBack) {
  Begin();
  EXPECT_THAT(RunToBoot(), ElementsAre("status", "off", "status", "on", "status"));
  EXPECT_EQ(diagnosis_.power_before(), D::POWER_ON);
  EXPECT_TRUE(diagnosis_.off_verified() && diagnosis_.on_verified() && diagnosis_.switched());
  EXPECT_EQ(record_.cycle_times_size(), 1);
  EXPECT_EQ(shared::TimeOf(diagnosis_.phase_deadline()), now_ + rules_.boot_limit);
}

TEST_F(PowerCycleTest, EvidenceComesFirstAndWhatDisturbsTheBoardComesLast) {
  record_.mutable_power()->set_nmi(true);
  record_.mutable_power()->set_console(true);
  Begin(absl::Seconds(180));
  EXPECT_THAT(RunToBoot(),
              ElementsAre("status", "console", "(wait)", "nmi", "(wait)", "console", "off", "status", "on", "status"));
  EXPECT_TRUE(diagnosis_.nmi_sent());
}

TEST_F(PowerCycleTest, NothingIsSwitchedBeforeTheBoardCountsAsWedged) {
  Begin(absl::Seconds(180));
  Report("status", "on");
  EXPECT_EQ(Word(), "");
  EXPECT_EQ(shared::TimeOf(diagnosis_.phase_deadline()), kNow - absl::Seconds(180) + rules_.wedge_after);
  EXPECT_FALSE(diagnosis_.switched());
}

TEST_F(PowerCycleTest, ABoardThatCannotBeHeldOffIsCycled) {
  record_.mutable_power()->set_cycle_only(true);
  Begin();
  EXPECT_THAT(RunToBoot(), ElementsAre("status", "cycle"));
}

TEST_F(PowerCycleTest, ABoardWithoutPowerIsOnlySwitchedOn) {
  Begin();
  Report("status", "off");
  EXPECT_EQ(Word(), "on");
}

TEST_F(PowerCycleTest, AReadingThatContradictsIsRepeatedOnceAndThenAPersonsMatter) {
  Begin();
  Report("status", "on");
  Report("off", "accepted");
  EXPECT_EQ(Report("status", "on").kind, Kind::kGoesOn);
  Report("off", "accepted");
  const Course course = Report("status", "on");
  EXPECT_EQ(course.kind, Kind::kGivenUp);
  EXPECT_EQ(course.why, "POWER: power step not verified: it read on after `off` 2 times");
}

TEST_F(PowerCycleTest, TheSameGoesForOnAndARepeatMayHelp) {
  Begin();
  Report("status", "on");
  Report("off", "");
  Report("status", "off");
  Report("on", "");
  Report("status", "off");
  Report("on", "");
  EXPECT_EQ(Report("status", "on").kind, Kind::kGoesOn);
  EXPECT_EQ(diagnosis_.phase(), D::PHASE_BOOT);
}

TEST_F(PowerCycleTest, WithNothingToObserveTheBootMustProveIt) {
  Begin();
  Report("status", "maybe");
  EXPECT_EQ(diagnosis_.power_before(), D::POWER_UNSPECIFIED);
  Report("off", "");
  Report("status", "", false);
  Report("on", "");
  Report("status", "unknown");
  ASSERT_EQ(diagnosis_.phase(), D::PHASE_BOOT);
  EXPECT_FALSE(diagnosis_.off_verified() || diagnosis_.on_verified());
  EXPECT_THAT(PassDeadline().why, StartsWith("POWER: power step not verified: no new boot called within 15m"));
}

TEST_F(PowerCycleTest, ACommandThatFailsTwiceUnseenIsGivenUp) {
  Begin();
  Report("status", "unknown");
  Report("off", "", false);
  Report("status", "unknown");
  Report("off", "", false);
  EXPECT_EQ(Report("status", "unknown").why, "POWER: power step not verified: `off` failed 2 times");
}

TEST_F(PowerCycleTest, AFailureThatAReadingBeliesIsNone) {
  Begin();
  Report("status", "on");
  Report("off", "", false);
  Report("status", "off");
  EXPECT_EQ(Word(), "on");
}

TEST_F(PowerCycleTest, AVerifiedBoardThatDoesNotBootIsToBlameItself) {
  Begin();
  RunToBoot();
  EXPECT_THAT(PassDeadline().why, StartsWith("BOARD: no new boot called within"));
}

TEST_F(PowerCycleTest, CyclesKeepTheirGap) {
  Begin();
  RunToBoot();
  Begin();
  Report("status", "on");
  EXPECT_EQ(Word(), "");
  EXPECT_EQ(shared::TimeOf(diagnosis_.phase_deadline()), shared::TimeOf(record_.cycle_times(0)) + rules_.cycle_gap);
  EXPECT_EQ(PassDeadline().kind, Kind::kGoesOn);
  EXPECT_EQ(Word(), "off");
}

TEST_F(PowerCycleTest, TheFourthCycleOfAnHourIsAPersonsMatter) {
  for (int i = 0; i < 3; ++i) {
    Begin();
    RunToBoot();
    now_ += absl::Minutes(6);
  }
  Begin();
  EXPECT_EQ(Report("status", "on").why, "POWER: its power was switched 3 times within 1h, the most it may");
  now_ += absl::Hours(1);
  Begin();
  RunToBoot();
  EXPECT_EQ(diagnosis_.phase(), D::PHASE_BOOT);
}

TEST_F(PowerCycleTest, WhileTheLabIsSilentNoPowerIsSwitched) {
  record_.mutable_power()->set_nmi(true);
  lab_is_silent_ = true;
  Begin();
  const Course course = Report("status", "on");
  EXPECT_EQ(course.kind, Kind::kLabSilent);
  EXPECT_THAT(course.why, StartsWith("NETWORK: "));
  EXPECT_FALSE(diagnosis_.switched() || diagnosis_.nmi_sent());
}

TEST_F(PowerCycleTest, WhatAPersonOrdersIsDoneAtOnceAndWithoutAnNmi) {
  record_.mutable_power()->set_nmi(true);
  Begin(absl::ZeroDuration(), "kim");
  EXPECT_THAT(RunToBoot(), ElementsAre("status", "off", "status", "on", "status"));
}

TEST_F(PowerCycleTest, ACommandOfWhichNothingIsHeardHasFailed) {
  Begin();
  EXPECT_EQ(PassDeadline().kind, Kind::kGoesOn);
  EXPECT_EQ(diagnosis_.steps(0).result(), "read unknown, nothing was heard of it");
}

TEST_F(PowerCycleTest, AfterARestartTheSilenceCountsAnewAndNothingIsSwitchedTwice) {
  Begin();
  now_ += absl::Hours(1);
  ResumeDiagnosis(diagnosis_, rules_, now_);
  Report("status", "on");
  EXPECT_EQ(shared::TimeOf(diagnosis_.phase_deadline()), now_ - absl::Seconds(1) + rules_.wedge_after);
  PassDeadline();
  ASSERT_EQ(Word(), "off");
  ResumeDiagnosis(diagnosis_, rules_, now_);
  EXPECT_EQ(Word(), "off");
  RunToBoot();
  now_ += absl::Hours(1);
  ResumeDiagnosis(diagnosis_, rules_, now_);
  EXPECT_EQ(diagnosis_.phase(), D::PHASE_BOOT);
  EXPECT_EQ(shared::TimeOf(diagnosis_.phase_deadline()), now_ + rules_.boot_limit);
}

TEST_F(PowerCycleTest, ACycleOrNmiThatMayHaveBeenMadeIsNotMadeAgain) {
  record_.mutable_power()->set_cycle_only(true);
  record_.mutable_power()->set_nmi(true);
  Begin();
  Report("status", "on");
  ASSERT_EQ(Word(), "nmi");
  ResumeDiagnosis(diagnosis_, rules_, now_);
  EXPECT_EQ(diagnosis_.phase(), D::PHASE_SETTLE);
  PassDeadline();
  ASSERT_EQ(Word(), "cycle");
  ResumeDiagnosis(diagnosis_, rules_, now_);
  EXPECT_EQ(diagnosis_.phase(), D::PHASE_BOOT);
}

TEST(ReadingTest, ThreeValuesAndNothingInBetween) {
  const auto reading = [](const std::string& output, bool accepted = true) {
    CommandReport report;
    report.accepted = accepted;
    report.output = output;
    return ReadingOf(report);
  };
  EXPECT_EQ(reading("on\n"), D::POWER_ON);
  EXPECT_EQ(reading(" OFF \n"), D::POWER_OFF);
  for (const char* const text : {"", "unknown", "onoff", "on fire", "status: off", "1"}) {
    EXPECT_EQ(reading(text), D::POWER_UNSPECIFIED) << text;
  }
  EXPECT_EQ(reading("off", false), D::POWER_UNSPECIFIED);
}

TEST(LimitTest, ThreeWedgesInADayAreTooMany) {
  v1::BoardRecord record;
  const PowerRules rules;
  EXPECT_FALSE(AddWedge(record, rules, kNow));
  EXPECT_FALSE(AddWedge(record, rules, kNow + absl::Hours(25)));
  EXPECT_FALSE(AddWedge(record, rules, kNow + absl::Hours(26)));
  EXPECT_TRUE(AddWedge(record, rules, kNow + absl::Hours(27)));
}

TEST(LimitTest, TheLabIsSilentWhenAFifthAndThreeBoardsAre) {
  const PowerRules rules;
  EXPECT_FALSE(LabIsSilent(2, 2, rules));
  EXPECT_TRUE(LabIsSilent(3, 15, rules));
  EXPECT_FALSE(LabIsSilent(3, 16, rules));
}

TEST(StepTest, StepsAndTheirOutputsAreBounded) {
  D diagnosis;
  for (int i = 0; i < 40; ++i)
    AddPowerStep(diagnosis, "status", absl::StrCat(i), std::string(20'000, 'x') + "end", kNow);
  EXPECT_EQ(diagnosis.steps_size(), 32);
  EXPECT_EQ(diagnosis.steps(31).result(), "39");
  EXPECT_LE(diagnosis.steps(0).output().size(), 16u * 1024);
  EXPECT_THAT(diagnosis.steps(0).output(), HasSubstr("xend"));
}

}  // namespace
}  // namespace crosscall::scheduler
