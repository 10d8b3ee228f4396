#include "controller/scheduler/board_states.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <utility>

#include "proto/shared/proto_time.h"

namespace crosscall::scheduler {
namespace {

using ::testing::HasSubstr;
using B = v1::Board;

constexpr B::State kStates[] = {B::STATE_UNSPECIFIED, B::STATE_ACTIVE,  B::STATE_QUARANTINED, B::STATE_CHECKING,
                                B::STATE_DRAINING,    B::STATE_DRAINED, B::STATE_DIAGNOSING,  B::STATE_RETIRED};

// Each pair of states is either in the table of the fleet reference, or refused.
TEST(BoardStatesTest, BoardsMoveAsListed) {
  const std::set<std::pair<B::State, B::State>> listed = {
      {B::STATE_CHECKING, B::STATE_ACTIVE},        {B::STATE_ACTIVE, B::STATE_CHECKING},
      {B::STATE_ACTIVE, B::STATE_DIAGNOSING},      {B::STATE_CHECKING, B::STATE_DIAGNOSING},
      {B::STATE_QUARANTINED, B::STATE_DIAGNOSING}, {B::STATE_DIAGNOSING, B::STATE_CHECKING},
      {B::STATE_CHECKING, B::STATE_QUARANTINED},   {B::STATE_DIAGNOSING, B::STATE_QUARANTINED},
      {B::STATE_ACTIVE, B::STATE_QUARANTINED},     {B::STATE_QUARANTINED, B::STATE_CHECKING},
      {B::STATE_DRAINED, B::STATE_CHECKING},       {B::STATE_ACTIVE, B::STATE_DRAINING},
      {B::STATE_DRAINING, B::STATE_DRAINED},       {B::STATE_ACTIVE, B::STATE_RETIRED},
      {B::STATE_CHECKING, B::STATE_RETIRED},       {B::STATE_DRAINING, B::STATE_RETIRED},
      {B::STATE_DRAINED, B::STATE_RETIRED},        {B::STATE_QUARANTINED, B::STATE_RETIRED}};
  ASSERT_EQ(std::size(kStates), static_cast<std::size_t>(B::State_ARRAYSIZE));
  for (const B::State from : kStates) {
    for (const B::State to : kStates) {
      const absl::Status status = CheckTransition(from, to);
      if (listed.count({from, to}) > 0) {
        EXPECT_TRUE(status.ok()) << status;
      } else {
        EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << StateWord(from) << " -> " << StateWord(to);
      }
    }
  }
}

TEST(BoardStatesTest, ARefusalNamesBothStates) {
  EXPECT_EQ(CheckTransition(B::STATE_DRAINED, B::STATE_ACTIVE).message(), "a board cannot go from drained to active");
}

TEST(BoardStatesTest, OnlyTheRetiredHaveNoWayBackToWork) {
  std::set<B::State> back = {B::STATE_ACTIVE};
  for (std::size_t i = 0; i < std::size(kStates); ++i) {
    for (const B::State from : kStates) {
      for (const B::State to : kStates) {
        if (back.count(to) > 0 && CheckTransition(from, to).ok()) back.insert(from);
      }
    }
  }
  for (const B::State state : kStates) {
    const bool lost = state == B::STATE_RETIRED || state == B::STATE_UNSPECIFIED;
    EXPECT_EQ(back.count(state), lost ? 0u : 1u) << StateWord(state);
  }
}

TEST(BoardStatesTest, EveryStateWithoutWorkSaysWhy) {
  EXPECT_EQ(WhyNoWork("boards/a", B::STATE_ACTIVE, ""), "");
  EXPECT_EQ(WhyNoWork("boards/a", B::STATE_CHECKING, "it has booted"),
            "boards/a is being checked (it has booted): it gets work when its health trial has passed");
  EXPECT_EQ(WhyNoWork("boards/a", B::STATE_DRAINING, "new fan"),
            "boards/a is draining (new fan): an operator must release it");
  EXPECT_EQ(WhyNoWork("boards/a", B::STATE_RETIRED, ""), "boards/a is retired");
  for (const B::State state : kStates) {
    EXPECT_EQ(TakesPart(state), state == B::STATE_ACTIVE || state == B::STATE_CHECKING);
  }
}

TEST(BoardStatesTest, OnlyWhatTheBoardIsToBlameForIsAStrike) {
  EXPECT_TRUE(IsStrike(v1::OUTCOME_LOST, "BOARD: it reset itself"));
  EXPECT_TRUE(IsStrike(v1::OUTCOME_UNSPECIFIED, "BOARD: could not start: no worker"));
  EXPECT_FALSE(IsStrike(v1::OUTCOME_LOST, "AGENT: it was restarted"));
  EXPECT_FALSE(IsStrike(v1::OUTCOME_LOST, "POWER: the board came back with another boot"));
  EXPECT_FALSE(IsStrike(v1::OUTCOME_HUNG, "BOARD: what an agent wrote"));
}

TEST(BoardStatesTest, ThreeStrikesInADayAreTooMany) {
  const absl::Time start = absl::FromUnixSeconds(1'000'000);
  v1::BoardRecord record;
  EXPECT_FALSE(AddStrike(record, start));
  EXPECT_FALSE(AddStrike(record, start + absl::Hours(12)));
  // The first is a day old by now.
  EXPECT_FALSE(AddStrike(record, start + absl::Hours(24) + absl::Seconds(1)));
  EXPECT_EQ(record.strike_times_size(), 2);
  EXPECT_TRUE(AddStrike(record, start + absl::Hours(30)));
}

TEST(BoardStatesTest, ABoardThatNeverPassedIsDueAtOnce) {
  v1::BoardRecord record;
  EXPECT_EQ(CheckDue(record, absl::Hours(24)), absl::InfinitePast());
  *record.mutable_check_time() = shared::TimestampOf(absl::FromUnixSeconds(100));
  EXPECT_EQ(CheckDue(record, absl::Seconds(50)), absl::FromUnixSeconds(150));
}

TEST(BoardStatesTest, AnotherKernelOrAgentMustBeCheckedButNotAnotherLabel) {
  v1::BoardDescription checked;
  checked.set_kernel("6.1.0");
  checked.set_agent_version("1");
  v1::BoardDescription now = checked;
  now.add_labels("a=b");
  EXPECT_FALSE(NeedsCheck(checked, now));
  now.set_kernel("6.2.0");
  EXPECT_TRUE(NeedsCheck(checked, now));
  now = checked;
  now.set_agent_version("2");
  EXPECT_TRUE(NeedsCheck(checked, now));
}

}  // namespace
}  // namespace crosscall::scheduler
