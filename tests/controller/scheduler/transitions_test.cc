#include "controller/scheduler/transitions.h"

#include <gtest/gtest.h>

#include <set>
#include <utility>

namespace crosscall::scheduler {
namespace {

using L = LeaseState;
using T = v1::Trial;
using S = v1::Sweep;

// Every pair of states is either in the table of the fleet reference, or refused.
template <class State, class Name>
void ExpectExactly(const std::vector<State>& states, const std::set<std::pair<State, State>>& listed, Name name) {
  for (const State from : states) {
    for (const State to : states) {
      const absl::Status status = CheckTransition(from, to);
      if (listed.count({from, to}) > 0) {
        EXPECT_TRUE(status.ok()) << status;
      } else {
        EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << name(from) << " -> " << name(to);
      }
    }
  }
}

TEST(TransitionsTest, LeasesMoveAsListed) {
  ExpectExactly<L>({std::begin(kLeaseStates), std::end(kLeaseStates)},
                   {{L::kPending, L::kActive},
                    {L::kActive, L::kActive},
                    {L::kPending, L::kRevoking},
                    {L::kActive, L::kRevoking},
                    {L::kRevoking, L::kRevoked},
                    {L::kPending, L::kFailed},
                    {L::kActive, L::kFailed},
                    {L::kActive, L::kCompleted},
                    {L::kRevoking, L::kCompleted},
                    {L::kPending, L::kExpired},
                    {L::kActive, L::kExpired},
                    {L::kRevoking, L::kExpired},
                    {L::kPending, L::kFenced},
                    {L::kActive, L::kFenced},
                    {L::kRevoking, L::kFenced}},
                   LeaseStateName);
}

TEST(TransitionsTest, TrialsMoveAsListed) {
  ExpectExactly<T::State>({T::STATE_UNSPECIFIED, T::STATE_PENDING, T::STATE_RUNNING, T::STATE_FINISHED, T::STATE_FAILED,
                           T::STATE_CANCELLED, T::STATE_EXPIRED},
                          {{T::STATE_PENDING, T::STATE_RUNNING},
                           {T::STATE_RUNNING, T::STATE_FINISHED},
                           {T::STATE_RUNNING, T::STATE_PENDING},
                           {T::STATE_RUNNING, T::STATE_FAILED},
                           {T::STATE_RUNNING, T::STATE_CANCELLED},
                           {T::STATE_PENDING, T::STATE_FAILED},
                           {T::STATE_PENDING, T::STATE_EXPIRED},
                           {T::STATE_PENDING, T::STATE_CANCELLED}},
                          [](T::State state) { return StateWord(state); });
}

TEST(TransitionsTest, SweepsMoveAsListed) {
  ExpectExactly<S::State>({S::STATE_UNSPECIFIED, S::STATE_PENDING, S::STATE_RUNNING, S::STATE_CANCELLING,
                           S::STATE_SUCCEEDED, S::STATE_FAILED, S::STATE_CANCELLED},
                          {{S::STATE_PENDING, S::STATE_RUNNING},
                           {S::STATE_PENDING, S::STATE_CANCELLING},
                           {S::STATE_RUNNING, S::STATE_CANCELLING},
                           {S::STATE_PENDING, S::STATE_SUCCEEDED},
                           {S::STATE_PENDING, S::STATE_FAILED},
                           {S::STATE_RUNNING, S::STATE_SUCCEEDED},
                           {S::STATE_RUNNING, S::STATE_FAILED},
                           {S::STATE_CANCELLING, S::STATE_CANCELLED},
                           {S::STATE_CANCELLING, S::STATE_SUCCEEDED},
                           {S::STATE_CANCELLING, S::STATE_FAILED}},
                          [](S::State state) { return StateWord(state); });
}

TEST(TransitionsTest, NoStateThatHasEndedIsLeft) {
  for (int from = T::STATE_PENDING; from <= T::STATE_EXPIRED; ++from) {
    for (int to = T::STATE_PENDING; to <= T::STATE_EXPIRED; ++to) {
      if (!HasEnded(static_cast<T::State>(from))) continue;
      EXPECT_FALSE(CheckTransition(static_cast<T::State>(from), static_cast<T::State>(to)).ok());
    }
  }
  for (const L from : kLeaseStates) {
    if (IsLive(from)) continue;
    for (const L to : kLeaseStates) EXPECT_FALSE(CheckTransition(from, to).ok());
  }
}

TEST(TransitionsTest, LeaseWordsAreReadBack) {
  for (const L state : kLeaseStates) EXPECT_EQ(*ParseLeaseState(LeaseStateName(state)), state);
  EXPECT_EQ(ParseLeaseState("lost").status().code(), absl::StatusCode::kDataLoss);
}

TEST(TransitionsTest, ARefusalNamesBothStates) {
  EXPECT_EQ(CheckTransition(T::STATE_FINISHED, T::STATE_RUNNING).message(),
            "a trial cannot go from finished to running");
}

}  // namespace
}  // namespace crosscall::scheduler
