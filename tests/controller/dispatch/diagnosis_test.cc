// Boards that fall silent: diagnosis, power, and what becomes of trial and board, through restarts too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/store/maintenance.h"
#include "tests/controller/dispatch/fake_power.h"
#include "tests/controller/dispatch/rig.h"

namespace crosscall::dispatch {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Kind = BoardOrder::Kind;
using B = v1::Board;
using D = v1::Diagnosis;
using Action = v1::SwitchBoardPowerRequest;

class DiagnosisTest : public ::testing::Test {
 protected:
  explicit DiagnosisTest(absl::Duration health_period = absl::ZeroDuration())
      : rig_(Switchable(power_, health_period)), agent_(rig_, "boards/a") {
    agent_.Call();
    agent_.Obey();
    SetPower("boards/a", {"/bin/relay", "4"});
  }

  static Settings Switchable(FakePower& power, absl::Duration health_period) {
    Settings settings;
    settings.power = power.Port();
    settings.health_period = health_period;
    return settings;
  }
  // It knows `console` and `nmi`.
  void SetPower(const std::string& board, const std::vector<std::string>& argv) {
    BoardOrder order;
    order.kind = Kind::kSetPower;
    order.board = board;
    for (const std::string& word : argv) order.power.add_argv(word);
    order.power.set_console(true);
    order.power.set_nmi(true);
    EXPECT_TRUE(rig_.Order(order).ok());
  }
  absl::StatusOr<v1::SwitchBoardPowerResponse> Switch(Action::Action action, bool answered = true) {
    BoardOrder order;
    order.board = "boards/a";
    order.action = action;
    order.by.name = "kim";
    // The answer may come in a batch of its own, and refer to this.
    absl::StatusOr<v1::SwitchBoardPowerResponse> answer = absl::UnknownError("not answered");
    rig_.Run(Engine::SwitchPower(order, [&answer](auto got) { answer = std::move(got); })).IgnoreError();
    if (answered && !power_.waiting.empty()) power_.Answer("off\n");
    return answer;
  }
  B Board() { return rig_.Board("boards/a").board; }
  D Diagnosis() { return Board().record().diagnosis(); }
  v1::Trial Trial() { return rig_.Trials("sweeps/s1").at(0); }

  // The board runs the first trial of a sweep, and is heard no more until its lease has expired.
  void FallSilent(absl::Duration deadline = absl::Hours(2)) {
    v1::CreateSweepRequest request = PairSweep(1);
    request.mutable_spec()->mutable_sweep_deadline()->set_seconds(absl::ToInt64Seconds(deadline));
    ASSERT_TRUE(rig_.Create(request).ok());
    ASSERT_TRUE(agent_.GetLease());
    agent_.Call();
    agent_.Cut();
    rig_.Advance(absl::Seconds(181));
  }
  // Waits until it counts as wedged, and switches it as asked.
  void Cycle() {
    Ask();
    for (const char* said : {"", "off", "", "on"}) power_.Answer(said);
  }
  // It is powered, and does not even answer to an NMI.
  void Ask() {
    for (const char* said : {"on", "login:"}) power_.Answer(said);
    IgnoreNmi();
  }
  void IgnoreNmi() {
    // Not before it has been silent for long enough.
    if (power_.waiting.empty()) rig_.Advance(absl::Seconds(130));
    power_.Answer("");
    rig_.Advance(absl::Seconds(11));
    power_.Answer("login:");
  }
  void ComeBack(bool new_boot) {
    agent_.Reincarnate(new_boot);
    agent_.Call();
    agent_.Obey();
  }
  void ExpectSoundStore() {
    absl::StatusOr<store::CheckReport> report = store::CheckFolder(rig_.folder());
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_THAT(report->problems, ElementsAre());
  }

  FakePower power_;
  Rig rig_;
  FakeAgent agent_;
};

TEST_F(DiagnosisTest, AWedgedBoardIsSwitchedProvedAndTheTrialSaysSo) {
  FallSilent();
  EXPECT_EQ(Board().state(), B::STATE_DIAGNOSING);
  EXPECT_EQ(Trial().state(), v1::Trial::STATE_DIAGNOSING);
  EXPECT_EQ(rig_.Sweep("sweeps/s1").progress().running_count(), 1u);
  Cycle();
  EXPECT_THAT(power_.words, ElementsAre("status", "console", "nmi", "console", "off", "status", "on", "status"));
  rig_.Advance(absl::Seconds(40));
  ComeBack(true);
  EXPECT_EQ(Board().state(), B::STATE_ACTIVE);
  EXPECT_EQ(Trial().state(), v1::Trial::STATE_FINISHED);
  EXPECT_EQ(Trial().outcome(), v1::OUTCOME_WEDGED);
  EXPECT_EQ(rig_.Sweep("sweeps/s1").state(), v1::Sweep::STATE_SUCCEEDED);
  EXPECT_EQ(rig_.Sweep("sweeps/s1").progress().wedged_count(), 1u);
  const v1::Result result = rig_.Results("sweeps/s1").at(0);
  EXPECT_EQ(result.attempt().lease_state(), "expired");
  EXPECT_EQ(result.payload().outcome(), v1::OUTCOME_WEDGED);
  EXPECT_EQ(result.payload().diagnosis().steps_size(), 9);
  EXPECT_EQ(Board().record().wedge_count(), 1u);
  EXPECT_EQ(shared::TimeOf(Board().record().last_wedge_time()), rig_.clock().Wall());
  EXPECT_EQ(Board().record().power_cycle_count(), 1u);
  EXPECT_EQ(Board().record().power_cycle_failure_count(), 0u);
  EXPECT_THAT(result.payload().diagnosis().conclusion(), StartsWith("WEDGED, it answered to nothing for"));
  ExpectSoundStore();
}

TEST_F(DiagnosisTest, TheHangsListTheWedge) {
  FallSilent();
  Cycle();
  ComeBack(true);
  const absl::StatusOr<v1::ListHangsResponse> hangs = rig_.store().ListHangs({});
  ASSERT_TRUE(hangs.ok());
  ASSERT_EQ(hangs->hangs_size(), 1);
  EXPECT_EQ(hangs->hangs(0).outcome(), v1::OUTCOME_WEDGED);
  EXPECT_THAT(hangs->hangs(0).report().summary(), HasSubstr("while its power read on"));
}

TEST_F(DiagnosisTest, ALyingPowerCommandIsCaughtByTheBoot) {
  FallSilent();
  Cycle();
  rig_.Advance(absl::Seconds(30));
  ComeBack(false);
  EXPECT_EQ(Board().state(), B::STATE_QUARANTINED);
  EXPECT_THAT(Board().state_reason(), HasSubstr("power step not verified"));
  EXPECT_EQ(Board().record().power_cycle_count(), 1u);
  EXPECT_EQ(Board().record().power_cycle_failure_count(), 1u);
  EXPECT_EQ(Board().record().wedge_count(), 0u);
  EXPECT_EQ(Trial().state(), v1::Trial::STATE_PENDING);
  const auto results = rig_.Results("sweeps/s1", true);
  ASSERT_FALSE(results.empty());
  EXPECT_EQ(results[0].attempt().outcome(), v1::OUTCOME_LOST);
  EXPECT_THAT(results[0].attempt().cause(), StartsWith("AGENT: "));
  const bool has_bundle = std::any_of(results.begin(), results.end(), [](const v1::Result& result) {
    return result.evidence() && result.payload().diagnosis().steps_size() > 0;
  });
  EXPECT_TRUE(has_bundle);
  ExpectSoundStore();
}

TEST_F(DiagnosisTest, OneThatAnswersAgainByItselfIsNeverSwitched) {
  agent_.signs.emplace();
  FallSilent();
  power_.Answer("on");
  rig_.Advance(absl::Seconds(60));
  // Its clock went on all the while.
  *agent_.signs->mutable_age() = shared::ProtoOf(absl::Seconds(181 + 60));
  agent_.signs->set_failed_call_count(3);
  agent_.Call();
  EXPECT_EQ(Board().state(), B::STATE_DIAGNOSING);
  EXPECT_TRUE(agent_.answered()) << "its next call is waited for";
  agent_.Call();
  EXPECT_EQ(Board().state(), B::STATE_ACTIVE);
  EXPECT_THAT(rig_.Results("sweeps/s1").at(0).attempt().cause(), StartsWith("NETWORK: "));
  EXPECT_THAT(power_.words, ElementsAre("status", "console"));
}

TEST_F(DiagnosisTest, AResultThatSurvivedCountsMoreThanTheDiagnosis) {
  FallSilent();
  Cycle();
  agent_.Reincarnate(true);
  agent_.spool[{Trial().name(), 1}] = Payload(v1::OUTCOME_COMPLETED);
  agent_.Call();
  EXPECT_EQ(Board().state(), B::STATE_ACTIVE);
  EXPECT_EQ(Trial().state(), v1::Trial::STATE_DIAGNOSING);
  rig_.Restart();
  agent_.Reincarnate();
  agent_.Call();
  agent_.UploadAll();
  EXPECT_EQ(Trial().outcome(), v1::OUTCOME_COMPLETED);
  ExpectSoundStore();
}

TEST_F(DiagnosisTest, AResultMayArriveWhileItIsDiagnosed) {
  FallSilent();
  const std::string trial = Trial().name();
  ASSERT_TRUE(agent_.Upload({trial, 1}, Payload(v1::OUTCOME_COMPLETED)).ok());
  EXPECT_EQ(Trial().state(), v1::Trial::STATE_FINISHED);
  EXPECT_EQ(Board().state(), B::STATE_DIAGNOSING);
  agent_.Call();
  EXPECT_EQ(Board().state(), B::STATE_ACTIVE);
}

TEST_F(DiagnosisTest, ARestartedControllerGoesOnWhereItWas) {
  FallSilent();
  Ask();
  ASSERT_EQ(power_.words.back(), "off");
  rig_.Restart();
  power_.waiting.clear();
  power_.words.clear();
  rig_.Advance(absl::Seconds(1));
  EXPECT_THAT(power_.words, ElementsAre("off"));
  for (const char* said : {"", "off", "", "on"}) power_.Answer(said);
  rig_.Restart();
  ComeBack(true);
  EXPECT_EQ(Trial().outcome(), v1::OUTCOME_WEDGED);
  EXPECT_EQ(Board().state(), B::STATE_ACTIVE);
  ExpectSoundStore();
}

TEST_F(DiagnosisTest, OneThatDoesNotComeBackIsAPersonsMatter) {
  FallSilent();
  Cycle();
  rig_.Advance(absl::Minutes(16));
  EXPECT_EQ(Board().state(), B::STATE_QUARANTINED);
  EXPECT_THAT(Board().state_reason(), StartsWith("BOARD: no new boot called within 15m"));
  EXPECT_EQ(Board().record().power_cycle_failure_count(), 1u);
  EXPECT_EQ(rig_.Results("sweeps/s1").at(0).attempt().outcome(), v1::OUTCOME_LOST);
  ExpectSoundStore();
}

TEST_F(DiagnosisTest, AnIdleBoardIsSuspectedBySilenceAlone) {
  agent_.Cut();
  rig_.Advance(absl::Seconds(299));
  EXPECT_EQ(Board().state(), B::STATE_ACTIVE);
  rig_.Advance(absl::Seconds(2));
  EXPECT_EQ(Board().state(), B::STATE_DIAGNOSING);
  Cycle();
  ComeBack(true);
  EXPECT_EQ(Board().state(), B::STATE_ACTIVE);
  EXPECT_THAT(Diagnosis().conclusion(), StartsWith("WEDGED"));
  EXPECT_EQ(Board().record().wedge_times_size(), 1);
  EXPECT_EQ(Board().record().wedge_count(), 1u);
  EXPECT_FALSE(rig_.Board("boards/a").outcomes.count(v1::OUTCOME_WEDGED)) << "it ran no trial";
}

TEST_F(DiagnosisTest, ABoardWithoutAPowerCommandIsLostAsEver) {
  SetPower("boards/a", {});
  FallSilent();
  EXPECT_EQ(Board().state(), B::STATE_ACTIVE);
  EXPECT_THAT(Trial().state_reason(), HasSubstr("UNKNOWN: the lease was not renewed in time"));
  EXPECT_THAT(power_.words, ElementsAre());
}

TEST_F(DiagnosisTest, ThreeWedgesNeedAPersonAndAReleaseForgivesThem) {
  rig_.Create(4);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(agent_.GetLease()) << i;
    agent_.Call();
    agent_.Cut();
    rig_.Advance(absl::Seconds(181));
    Cycle();
    ComeBack(true);
    for (int call = 0; call < 80; ++call) {
      agent_.Call();
      rig_.Advance(absl::Seconds(10));
    }
  }
  EXPECT_EQ(Board().state(), B::STATE_QUARANTINED);
  EXPECT_THAT(Board().state_reason(), StartsWith("it wedged 3 times within 24h"));
  ASSERT_TRUE(rig_.Order(Kind::kRelease, "boards/a", "new board").ok());
  EXPECT_EQ(Board().record().wedge_times_size(), 0);
}

TEST_F(DiagnosisTest, ASilentLabIsOneAlertAndNoPower) {
  FakeAgent b(rig_, "boards/b");
  FakeAgent c(rig_, "boards/c");
  for (FakeAgent* const agent : {&b, &c}) {
    agent->Call();
    agent->Obey();
    SetPower(agent->board(), {"/bin/relay", "5"});
    agent->Call();
    agent->Cut();
  }
  FallSilent();
  rig_.Advance(absl::Seconds(200));
  EXPECT_THAT(power_.words, ElementsAre());
  for (const char* const name : {"boards/a", "boards/b", "boards/c"}) {
    EXPECT_EQ(rig_.Board(name).board.state(), B::STATE_ACTIVE) << name;
  }
  EXPECT_THAT(rig_.Results("sweeps/s1").at(0).attempt().cause(), StartsWith("NETWORK: much of the lab"));
}

TEST_F(DiagnosisTest, ACancelledSweepDoesNotWaitForADiagnosis) {
  FallSilent();
  power_.Answer("on");
  ASSERT_TRUE(rig_.Cancel("sweeps/s1").ok());
  EXPECT_EQ(rig_.Sweep("sweeps/s1").state(), v1::Sweep::STATE_CANCELLED);
  EXPECT_EQ(Trial().state(), v1::Trial::STATE_CANCELLED);
  // What was found so far is kept, and the board is brought back all the same.
  const auto results = rig_.Results("sweeps/s1", true);
  const bool has_bundle = std::any_of(results.begin(), results.end(), [](const v1::Result& result) {
    return result.evidence() && result.payload().diagnosis().steps_size() == 1;
  });
  EXPECT_TRUE(has_bundle);
  EXPECT_EQ(Board().state(), B::STATE_DIAGNOSING);
  power_.Answer("login:");
  IgnoreNmi();
  for (const char* said : {"", "off", "", "on"}) power_.Answer(said);
  ComeBack(true);
  EXPECT_EQ(Board().state(), B::STATE_ACTIVE);
  EXPECT_THAT(Diagnosis().conclusion(), StartsWith("WEDGED"));
  ExpectSoundStore();
}

TEST_F(DiagnosisTest, ASweepEndsByItsDeadlineWhateverIsBeingDiagnosed) {
  FallSilent(absl::Seconds(200));
  power_.Answer("on");
  ASSERT_EQ(Trial().state(), v1::Trial::STATE_DIAGNOSING);
  rig_.Advance(absl::Seconds(20));
  EXPECT_EQ(rig_.Sweep("sweeps/s1").state(), v1::Sweep::STATE_FAILED);
  EXPECT_THAT(rig_.Results("sweeps/s1", true).at(0).attempt().cause(),
              StartsWith("UNKNOWN: it was not known yet why boards/a was silent: the sweep's deadline passed"));
  ExpectSoundStore();
}

TEST_F(DiagnosisTest, TwoMachinesWithOneNameCutADiagnosisShort) {
  FallSilent();
  EXPECT_EQ(rig_.Order(Kind::kQuarantine, "boards/a", "smells").status().code(), absl::StatusCode::kFailedPrecondition);
  Ask();
  ASSERT_EQ(power_.words.back(), "off");
  // While its power is switched sessions mean nothing, but so many that take over from live ones do.
  for (int i = 0; i < 6; ++i) {
    agent_.Reincarnate();
    agent_.Call();
    agent_.Call();
  }
  EXPECT_EQ(Board().state(), B::STATE_QUARANTINED);
  EXPECT_THAT(Board().state_reason(), StartsWith("duplicate identity"));
  EXPECT_EQ(Trial().state(), v1::Trial::STATE_PENDING);
  EXPECT_THAT(Diagnosis().conclusion(), StartsWith("UNKNOWN: its diagnosis was cut short: duplicate"));
  ExpectSoundStore();
}

TEST_F(DiagnosisTest, ABootThatNobodyOrderedIsSettledByItsCrashLog) {
  rig_.Create(1);
  ASSERT_TRUE(agent_.GetLease());
  agent_.Call();
  agent_.Restarted(true);
  v1::SynchronizeRequest request = agent_.Request(1);
  request.mutable_description()->mutable_crash_log()->set_id("1 dmesg");
  request.mutable_description()->mutable_crash_log()->set_text("Oops: 0002 [#1] SMP");
  agent_.Send(request);
  EXPECT_EQ(Trial().outcome(), v1::OUTCOME_CRASHED);
  EXPECT_EQ(rig_.Results("sweeps/s1").at(0).payload().diagnosis().steps(0).output(), "Oops: 0002 [#1] SMP");
  ExpectSoundStore();
}

TEST_F(DiagnosisTest, PeopleMayReadThePowerAndSwitchWhatIsOutOfUse) {
  EXPECT_EQ(Switch(Action::ACTION_STATUS)->step().result(), "exit status 0");
  EXPECT_EQ(Switch(Action::ACTION_OFF).status().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(rig_.Order(Kind::kQuarantine, "boards/a", "smells").ok());
  EXPECT_EQ(Switch(Action::ACTION_OFF)->step().word(), "off");
  EXPECT_THAT(power_.words, ElementsAre("status", "off"));
  SetPower("boards/a", {});
  EXPECT_THAT(std::string(Switch(Action::ACTION_STATUS).status().message()), HasSubstr("has no power command"));
}

TEST_F(DiagnosisTest, AnOrderedCycleIsVerifiedAndLimited) {
  ASSERT_TRUE(rig_.Order(Kind::kQuarantine, "boards/a", "smells").ok());
  const auto response = Switch(Action::ACTION_CYCLE, false);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->board().state(), B::STATE_DIAGNOSING);
  for (const char* said : {"on", "login:", "", "off", "", "on"}) power_.Answer(said);
  agent_.Cut();
  ComeBack(true);
  EXPECT_EQ(Board().state(), B::STATE_ACTIVE);
  EXPECT_EQ(Board().record().wedge_times_size(), 0);
  EXPECT_EQ(Switch(Action::ACTION_CYCLE, false).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(DiagnosisTest, ArgumentsOfThePowerCommandAreShownToNobody) {
  const B board = Board();
  EXPECT_THAT(board.record().power().argv(), ElementsAre("/bin/relay"));
}

class CheckedDiagnosisTest : public DiagnosisTest {
 protected:
  CheckedDiagnosisTest() : DiagnosisTest(absl::Hours(24)) {}
};

TEST_F(CheckedDiagnosisTest, TheRestOfTheSweepWaitsForTheHealthTrial) {
  agent_.RunOne();
  ASSERT_EQ(Board().state(), B::STATE_ACTIVE);
  const v1::Sweep sweep = rig_.Create(2);
  ASSERT_TRUE(agent_.GetLease());
  agent_.Call();
  agent_.Cut();
  rig_.Advance(absl::Seconds(181));
  Cycle();
  ComeBack(true);
  EXPECT_EQ(Board().state(), B::STATE_CHECKING);
  ASSERT_TRUE(agent_.GetLease());
  EXPECT_THAT(agent_.leases[0].trial(), StartsWith("sweeps/check-"));
  agent_.Finish(v1::OUTCOME_COMPLETED);
  agent_.UploadAll();
  agent_.RunOne();
  EXPECT_EQ(rig_.Sweep(sweep.name()).state(), v1::Sweep::STATE_SUCCEEDED);
}

TEST_F(CheckedDiagnosisTest, AHealthTrialMayWedgeTheBoardToo) {
  ASSERT_TRUE(agent_.GetLease());
  agent_.Call();
  agent_.Cut();
  // Such a trial is short, and so is its lease.
  rig_.Advance(absl::Seconds(75));
  EXPECT_EQ(Board().state(), B::STATE_DIAGNOSING);
  for (const char* said : {"on", "login:"}) power_.Answer(said);
  rig_.Advance(absl::Seconds(110));
  EXPECT_THAT(power_.words, ElementsAre("status", "console"));
  rig_.Advance(absl::Seconds(120));
  power_.Answer("");
  rig_.Advance(absl::Seconds(11));
  for (const char* said : {"login:", "", "off", "", "on"}) power_.Answer(said);
  ComeBack(true);
  // Its sweep had to end before that was known; the board's own record has it.
  EXPECT_EQ(rig_.Trials("sweeps/check-1").at(0).outcome(), v1::OUTCOME_LOST);
  EXPECT_THAT(Diagnosis().conclusion(), StartsWith("WEDGED"));
  ASSERT_TRUE(agent_.GetLease());
  EXPECT_THAT(agent_.leases[0].trial(), StartsWith("sweeps/check-2/"));
  agent_.Finish(v1::OUTCOME_COMPLETED);
  agent_.UploadAll();
  EXPECT_EQ(Board().state(), B::STATE_ACTIVE);
  ExpectSoundStore();
}

}  // namespace
}  // namespace crosscall::dispatch
