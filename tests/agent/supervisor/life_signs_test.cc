#include "agent/supervisor/life_signs.h"

#include <gtest/gtest.h>

#include "agent/supervisor/spans.h"

namespace crosscall::supervisor {
namespace {

absl::Duration At(double seconds) { return absl::Seconds(seconds); }

TEST(LifeSigns, ALoopThatTurnsHasNothingToTell) {
  LifeSigns signs(At(10));
  for (int second = 11; second <= 20; ++second) signs.OnTurn(At(second), At(second));
  const v1::LifeSigns report = signs.Report(At(20.5));
  EXPECT_EQ(FromProto(report.age()), At(10.5));
  EXPECT_EQ(FromProto(report.standstill()), At(1));
  EXPECT_EQ(FromProto(report.board_standstill()), At(0));
  EXPECT_EQ(report.failed_call_count(), 0u);
  EXPECT_FALSE(report.has_answer_delay());
}

TEST(LifeSigns, TheWitnessTellsAStoppedAgentFromABoardThatStoodStill) {
  LifeSigns stopped(At(0));
  stopped.OnTurn(At(1), At(1));
  stopped.OnTurn(At(31), At(30.75));
  EXPECT_EQ(FromProto(stopped.Report(At(31)).standstill()), At(30));
  EXPECT_EQ(FromProto(stopped.Report(At(31)).board_standstill()), At(0.25));
  LifeSigns paused(At(0));
  paused.OnTurn(At(1), At(1));
  paused.OnTurn(At(31), At(1.25));
  EXPECT_EQ(FromProto(paused.Report(At(31)).board_standstill()), At(29.75));
}

TEST(LifeSigns, WithoutAWitnessNothingIsSaidOfTheBoard) {
  LifeSigns never(At(0));
  never.OnTurn(At(1), std::nullopt);
  never.OnTurn(At(9), std::nullopt);
  EXPECT_EQ(FromProto(never.Report(At(9)).standstill()), At(8));
  EXPECT_FALSE(never.Report(At(9)).has_board_standstill());
  LifeSigns lost(At(0));
  lost.OnTurn(At(1), At(1));
  lost.OnTurn(At(9), std::nullopt);
  EXPECT_FALSE(lost.Report(At(9)).has_board_standstill()) << "it ended meanwhile";
}

TEST(LifeSigns, TheLongestStandstillCountsUntilACallIsAnswered) {
  LifeSigns signs(At(0));
  signs.OnTurn(At(8), At(8));
  signs.OnTurn(At(10), At(8));
  EXPECT_EQ(FromProto(signs.Report(At(10)).standstill()), At(8));
  EXPECT_EQ(FromProto(signs.Report(At(10)).board_standstill()), At(0));
  signs.OnAnswered(At(10), At(1), At(10.5));
  EXPECT_EQ(FromProto(signs.Report(At(10.5)).standstill()), At(0));
}

// The answer lies there when the agent goes on: it is taken before the loop turns.
TEST(LifeSigns, AStandstillThatAnAnswerEndedIsToldByTheNextCall) {
  LifeSigns signs(At(0));
  signs.OnTurn(At(1), At(1));
  signs.OnAnswered(At(1), At(5), At(61));
  signs.OnTurn(At(61), At(61));
  EXPECT_EQ(FromProto(signs.Report(At(61)).standstill()), At(60));
  EXPECT_EQ(FromProto(signs.Report(At(61)).answer_delay()), At(55));
}

// Or the loop turns first, before the answer has come through.
TEST(LifeSigns, AStandstillWithinACallIsToldByTheNextWhicheverComesFirst) {
  LifeSigns signs(At(0));
  signs.OnTurn(At(1), At(1));
  EXPECT_EQ(FromProto(signs.Report(At(1)).standstill()), At(1));
  signs.OnTurn(At(61), At(61));
  signs.OnAnswered(At(1), At(5), At(61));
  EXPECT_EQ(FromProto(signs.Report(At(61)).standstill()), At(60));
  signs.OnAnswered(At(61), At(5), At(62));
  EXPECT_EQ(FromProto(signs.Report(At(62)).standstill()), At(0));
}

TEST(LifeSigns, ACallThatFailsHasToldNothing) {
  LifeSigns signs(At(0));
  signs.OnTurn(At(60), At(60));
  EXPECT_EQ(FromProto(signs.Report(At(60)).standstill()), At(60));
  signs.OnCallFailed();
  signs.OnTurn(At(61), At(61));
  EXPECT_EQ(FromProto(signs.Report(At(61)).standstill()), At(60));
}

TEST(LifeSigns, FailedCallsAreThoseInARow) {
  LifeSigns signs(At(0));
  signs.OnCallFailed();
  signs.OnCallFailed();
  EXPECT_EQ(signs.Report(At(1)).failed_call_count(), 2u);
  signs.OnAnswered(At(1), At(5), At(2));
  EXPECT_EQ(signs.Report(At(2)).failed_call_count(), 0u);
  EXPECT_FALSE(signs.Report(At(2)).has_answer_delay());
}

}  // namespace
}  // namespace crosscall::supervisor
