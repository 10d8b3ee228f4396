#include "controller/scheduler/silence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/shared/proto_time.h"

namespace crosscall::scheduler {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

google::protobuf::Duration Span(double seconds) { return shared::ProtoOf(absl::Seconds(seconds)); }

// An agent that is well, heard again after 200 s.
class WhySilentTest : public ::testing::Test {
 protected:
  WhySilentTest() {
    silence_.lasted = absl::Seconds(200);
    silence_.elapsed = silence_.aged = absl::Seconds(201);
    silence_.signs.emplace();
    *silence_.signs->mutable_standstill() = Span(1);
    *silence_.signs->mutable_board_standstill() = Span(0.5);
  }
  v1::LifeSigns& signs() { return *silence_.signs; }
  std::string Why() const { return WhySilent(silence_); }

  SilenceFacts silence_;
};

TEST_F(WhySilentTest, AStoppedAgentStoodStillAndItsBoardDidNot) {
  *signs().mutable_standstill() = Span(199);
  EXPECT_THAT(Why(), StartsWith("AGENT: it did not run for 3m19s, while its board did"));
  // Its connection may have broken meanwhile.
  signs().set_failed_call_count(1);
  *signs().mutable_answer_delay() = Span(194);
  EXPECT_THAT(Why(), StartsWith("AGENT: "));
}

TEST_F(WhySilentTest, APausedBoardStoodStillAsAWhole) {
  *signs().mutable_standstill() = Span(199);
  *signs().mutable_board_standstill() = Span(198.5);
  EXPECT_THAT(Why(), StartsWith("BOARD: everything on it stood still for 3m19s"));
}

TEST_F(WhySilentTest, SoDidOneWhoseClockStood) {
  silence_.aged = absl::Seconds(3);
  EXPECT_THAT(Why(), StartsWith("BOARD: its clock counted 3s of 3m21s"));
}

TEST_F(WhySilentTest, WithoutAWitnessTheAgentIsNamedAndTheDoubtToo) {
  *signs().mutable_standstill() = Span(199);
  signs().clear_board_standstill();
  EXPECT_THAT(Why(), StartsWith("AGENT: it did not run for 3m19s; nothing tells whether its board did"));
}

TEST_F(WhySilentTest, ACutNetworkLeavesAnAgentThatRanAndCalled) {
  signs().set_failed_call_count(4);
  EXPECT_THAT(Why(), StartsWith("NETWORK: its agent ran"));
  EXPECT_THAT(Why(), HasSubstr("failed calls: 4"));
  signs().clear_failed_call_count();
  *signs().mutable_answer_delay() = Span(190);
  EXPECT_THAT(Why(), StartsWith("NETWORK: its agent ran, and an answer reached it 3m10s late"));
}

TEST_F(WhySilentTest, ShortSpansExplainNoLongSilence) {
  *signs().mutable_standstill() = Span(20);
  *signs().mutable_answer_delay() = Span(20);
  silence_.aged = absl::Seconds(181);
  EXPECT_THAT(Why(), StartsWith("UNKNOWN: "));
}

TEST_F(WhySilentTest, AnOlderAgentDoesNotSay) {
  silence_.signs.reset();
  EXPECT_THAT(Why(), StartsWith("UNKNOWN: it was heard again, in the same boot, after 3m20s"));
}

TEST_F(WhySilentTest, AControllerThatWasNotThereBlamesNoNetwork) {
  silence_.elapsed = silence_.aged = absl::nullopt;
  signs().set_failed_call_count(4);
  EXPECT_THAT(Why(), StartsWith("UNKNOWN: "));
}

TEST_F(WhySilentTest, TwoCallsTellMoreThanOne) {
  v1::LifeSigns first;
  *first.mutable_age() = Span(10);
  *first.mutable_standstill() = Span(60);
  *first.mutable_board_standstill() = Span(59);
  first.set_failed_call_count(2);
  v1::LifeSigns second;
  *second.mutable_age() = Span(71);
  *second.mutable_standstill() = Span(0);
  *second.mutable_answer_delay() = Span(55);
  const v1::LifeSigns both = Together(first, second);
  EXPECT_EQ(shared::SpanOf(both.age()), absl::Seconds(71));
  EXPECT_EQ(shared::SpanOf(both.standstill()), absl::Seconds(60));
  EXPECT_EQ(shared::SpanOf(both.board_standstill()), absl::Seconds(59));
  EXPECT_EQ(both.failed_call_count(), 2u);
  EXPECT_EQ(shared::SpanOf(both.answer_delay()), absl::Seconds(55));
}

}  // namespace
}  // namespace crosscall::scheduler
