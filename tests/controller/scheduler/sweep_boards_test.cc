#include "controller/scheduler/sweep_boards.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crosscall::scheduler {
namespace {

using T = v1::Trial;

TEST(SweepBoardsTest, ABoardCountsOnceUnderItsWorstTrial) {
  SweepBoardsCount count;
  count.Add("a", T::STATE_FINISHED, v1::OUTCOME_COMPLETED);
  count.Add("a", T::STATE_FINISHED, v1::OUTCOME_REFUSED);
  count.Add("b", T::STATE_FINISHED, v1::OUTCOME_HUNG);
  count.Add("b", T::STATE_FINISHED, v1::OUTCOME_COMPLETED);
  count.Add("b", T::STATE_FINISHED, v1::OUTCOME_CRASHED);
  count.Add("c", T::STATE_FINISHED, v1::OUTCOME_WEDGED);
  count.Add("c", T::STATE_FINISHED, v1::OUTCOME_HUNG);
  count.Add("d", T::STATE_FAILED, v1::OUTCOME_INVALID);
  count.Add("e", T::STATE_FINISHED, v1::OUTCOME_WEDGED);
  count.Add("e", T::STATE_FAILED, v1::OUTCOME_LOST);
  count.Add("f", T::STATE_FINISHED, v1::OUTCOME_COMPLETED);
  const v1::SweepBoards boards = count.Count();
  EXPECT_EQ(boards.refused_count(), 1U);
  EXPECT_EQ(boards.hung_count(), 1U);
  EXPECT_EQ(boards.crashed_count(), 0U);
  EXPECT_EQ(boards.wedged_count(), 1U);
  EXPECT_EQ(boards.invalid_count(), 1U);
  EXPECT_EQ(boards.missing_count(), 1U);
  EXPECT_EQ(boards.completed_count(), 1U);
}

TEST(SweepBoardsTest, ATrialThatWasGivenUpHasNoResultWhateverItsAttemptsSaid) {
  SweepBoardsCount count;
  count.Add("a", T::STATE_EXPIRED, v1::OUTCOME_INVALID);
  count.Add("b", T::STATE_CANCELLED, v1::OUTCOME_UNSPECIFIED);
  EXPECT_EQ(count.Count().missing_count(), 2U);
}

TEST(SweepBoardsTest, SuccessIsThat95PercentReportedNotThatTheNewsIsGood) {
  v1::SweepBoards boards;
  EXPECT_FALSE(IsSuccess(boards));
  boards.set_hung_count(19);
  boards.set_missing_count(1);
  EXPECT_TRUE(IsSuccess(boards));
  boards.set_missing_count(2);
  EXPECT_FALSE(IsSuccess(boards));
}

}  // namespace
}  // namespace crosscall::scheduler
