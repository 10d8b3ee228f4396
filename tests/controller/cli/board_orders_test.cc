// `boards label`, `drain`, `quarantine`, `release`, `forget`: what is asked of the controller, and what people see.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/controller/cli/cli_fixture.h"

namespace crosscall::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class BoardOrdersTest : public CliTest {
 protected:
  BoardOrdersTest() {
    v1::Board board;
    board.set_name("boards/a7");
    board.set_state(v1::Board::STATE_DRAINING);
    board.set_state_reason("new fan");
    board.mutable_record()->set_state_by("kim");
    board.mutable_record()->set_notes("third shelf");
    board.mutable_record()->mutable_max_trial_time()->set_seconds(90);
    board.set_waiting_reason("boards/a7 is draining (new fan): an operator must release it");
    board.add_labels("site=berlin");
    controller_.boards.push_back(board);
  }
};

TEST_F(BoardOrdersTest, ADrainSaysWhatBecameOfTheBoard) {
  EXPECT_EQ(RunOnController({"boards", "drain", "a7", "--reason", "new fan", "--now"}), 0);
  EXPECT_EQ(out_.str(), "a7: draining (new fan)\n");
  EXPECT_EQ(RunOnController({"boards", "drain", "boards/a7"}), 0);
  EXPECT_THAT(controller_.calls(), ElementsAre("DrainBoard name: \"boards/a7\" reason: \"new fan\" revoke_lease: true",
                                               "DrainBoard name: \"boards/a7\""));
}

TEST_F(BoardOrdersTest, TheOthersGoWithTheirReasons) {
  EXPECT_EQ(RunOnController({"boards", "quarantine", "a7", "--reason", "smells"}), 0);
  EXPECT_EQ(RunOnController({"boards", "release", "a7"}), 0);
  EXPECT_EQ(RunOnController({"boards", "forget", "a7", "--reason", "sold"}), 0);
  EXPECT_THAT(controller_.calls(),
              ElementsAre("QuarantineBoard name: \"boards/a7\" reason: \"smells\"", "ReleaseBoard name: \"boards/a7\"",
                          "RetireBoard name: \"boards/a7\" reason: \"sold\""));
}

TEST_F(BoardOrdersTest, LabelsAreSetAndRemovedAndTheRestStays) {
  EXPECT_EQ(RunOnController({"boards", "label", "a7", "site=berlin", "rack-", "x=ends-"}), 0);
  EXPECT_EQ(RunOnController({"boards", "label", "a7", "--notes", "", "--max-trial-time", "1500ms"}), 0);
  EXPECT_EQ(RunOnController({"boards", "label", "a7", "--max-trial-time", "0"}), 0);
  EXPECT_THAT(controller_.calls(),
              ElementsAre("UpdateBoard name: \"boards/a7\" set_labels: \"site=berlin\" set_labels: \"x=ends-\" "
                          "remove_labels: \"rack\"",
                          "UpdateBoard name: \"boards/a7\" notes: \"\" max_trial_time { seconds: 1 nanos: 500000000 }",
                          "UpdateBoard name: \"boards/a7\" max_trial_time { }"));
}

TEST_F(BoardOrdersTest, JsonIsTheApisMessage) {
  EXPECT_EQ(RunOnController({"boards", "release", "a7", "--json"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("{\"name\":\"boards/a7\",\"state\":\"STATE_DRAINING\""));
}

TEST_F(BoardOrdersTest, BadUseIsRefusedBeforeAnythingIsAsked) {
  EXPECT_EQ(RunOnController({"boards", "quarantine", "a7"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("--reason is required"));
  EXPECT_EQ(RunOnController({"boards", "drain", "A 7"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("allowed: a board's name"));
  EXPECT_EQ(RunOnController({"boards", "label", "a7", "--max-trial-time", "soon"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("--max-trial-time: "));
  EXPECT_TRUE(controller_.calls().empty());
}

TEST_F(BoardOrdersTest, AShownBoardHasItsStateItsReasonAndItsHistory) {
  v1::BoardEvent event;
  event.mutable_time()->set_seconds(1'767'323'045);
  event.set_kind("draining");
  event.set_detail("new fan; by kim");
  controller_.events.push_back(event);
  EXPECT_EQ(RunOnController({"boards", "show", "a7"}), 0);
  for (const char* line : {"by               kim\n", "notes            third shelf\n", "longest trial    1m30s\n",
                           "no work because  boards/a7 is draining (new fan): an operator must release it\n",
                           "labels           site=berlin\n", "  2026-01-02 03:04:05Z  draining  new fan; by kim\n"}) {
    EXPECT_THAT(out_.str(), HasSubstr(line));
  }
}

}  // namespace
}  // namespace crosscall::cli
