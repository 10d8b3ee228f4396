// `boards power`, `boards set-power`, and diagnoses in `boards show` and `hang show`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/controller/cli/cli_fixture.h"

namespace crosscall::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PowerCommandsTest : public CliTest {
 protected:
  PowerCommandsTest() {
    v1::Board board;
    board.set_name("boards/a7");
    board.set_state(v1::Board::STATE_DIAGNOSING);
    board.set_state_reason("a power cycle was ordered");
    board.mutable_record()->mutable_power()->add_argv("/opt/lab/relay");
    *board.mutable_record()->mutable_diagnosis() = Diagnosed();
    controller_.boards.push_back(board);
    controller_.power_step.set_word("status");
    controller_.power_step.set_result("exit status 0");
    controller_.power_step.set_output("on\n");
  }

  static v1::Diagnosis Diagnosed() {
    v1::Diagnosis diagnosis;
    diagnosis.set_reason("its lease expired and it is silent for 3m");
    diagnosis.set_phase(v1::Diagnosis::PHASE_ENDED);
    diagnosis.set_power_before(v1::Diagnosis::POWER_ON);
    diagnosis.set_switched(true);
    diagnosis.set_off_verified(true);
    diagnosis.set_conclusion("WEDGED, it answered to nothing");
    v1::PowerStep& step = *diagnosis.add_steps();
    step.set_word("console");
    step.set_result("exit status 0");
    step.set_output("watchdog: BUG: soft lockup\n");
    return diagnosis;
  }
};

TEST_F(PowerCommandsTest, ThePowerIsReadUnlessToldOtherwise) {
  EXPECT_EQ(RunOnController({"boards", "power", "a7"}), 0);
  EXPECT_EQ(out_.str(), "a7: status: exit status 0\non\n");
  EXPECT_EQ(RunOnController({"boards", "power", "a7", "off", "--reason", "smells"}), 0);
  EXPECT_THAT(controller_.calls(),
              ElementsAre("SwitchBoardPower name: \"boards/a7\" action: ACTION_STATUS",
                          "SwitchBoardPower name: \"boards/a7\" action: ACTION_OFF reason: \"smells\""));
}

TEST_F(PowerCommandsTest, ACycleSaysWhereToFollowIt) {
  EXPECT_EQ(RunOnController({"boards", "power", "a7", "cycle"}), 0);
  EXPECT_EQ(out_.str(), "a7: diagnosing (a power cycle was ordered); `crosscallctl boards show a7` follows it\n");
}

TEST_F(PowerCommandsTest, TheCommandGoesAsItIsBehindTheDashes) {
  EXPECT_EQ(Run({"--controller", controller_.address(), "--timeout", "5m", "boards", "set-power", "a7", "--console",
                 "--boot-limit", "90s", "--", "/opt/lab/relay", "--outlet", "4"}),
            0);
  EXPECT_EQ(RunOnController({"boards", "set-power", "a7", "--none"}), 0);
  EXPECT_THAT(controller_.calls(),
              ElementsAre("SetBoardPower name: \"boards/a7\" power { argv: \"/opt/lab/relay\" argv: \"--outlet\" argv: "
                          "\"4\" console: true boot_limit { seconds: 90 } }",
                          "SetBoardPower name: \"boards/a7\""));
}

TEST_F(PowerCommandsTest, BadUseIsRefusedHere) {
  EXPECT_EQ(RunOnController({"boards", "power", "a7", "toggle"}), 2);
  EXPECT_EQ(RunOnController({"boards", "set-power", "a7"}), 2);
  EXPECT_EQ(RunOnController({"boards", "set-power", "a7", "--none", "--", "/opt/lab/relay"}), 2);
  EXPECT_THAT(controller_.calls(), ElementsAre());
}

TEST_F(PowerCommandsTest, ABoardShowsItsDiagnosis) {
  EXPECT_EQ(RunOnController({"boards", "show", "a7"}), 0);
  EXPECT_THAT(out_.str(),
              AllOf(HasSubstr("/opt/lab/relay"), HasSubstr("WEDGED, it answered to nothing"),
                    HasSubstr("yes; off read back, on not read back"), HasSubstr("watchdog: BUG: soft lockup")));
}

TEST_F(PowerCommandsTest, AWedgedAttemptShowsItToo) {
  v1::Result result;
  result.set_name("sweeps/s1/trials/t1/attempts/1");
  result.mutable_trial()->set_board("boards/a7");
  result.mutable_payload()->set_outcome(v1::OUTCOME_WEDGED);
  result.mutable_payload()->set_reason("it answered to nothing");
  *result.mutable_payload()->mutable_diagnosis() = Diagnosed();
  controller_.results.push_back(result);
  EXPECT_EQ(RunOnController({"hang", "show", "s1/t1/1"}), 0);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("wedged: it answered to nothing"), HasSubstr("soft lockup")));
}

}  // namespace
}  // namespace crosscall::cli
