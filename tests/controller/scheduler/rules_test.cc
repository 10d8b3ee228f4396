// Sessions, placement, lease terms, and what follows from outcomes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/scheduler/lease_term.h"
#include "controller/scheduler/placement.h"
#include "controller/scheduler/releases.h"
#include "controller/scheduler/session.h"
#include "controller/scheduler/verdict.h"
#include "tests/controller/scheduler/boards.h"

namespace crosscall::scheduler {
namespace {

using ::testing::HasSubstr;
using ::testing::Optional;

TEST(SessionTest, CallsCountBySequence) {
  const Session session = {.incarnation_id = "one", .last_sequence = 5};
  EXPECT_EQ(Admit(session, "one", 6, false), Admission::kApply);
  EXPECT_EQ(Admit(session, "one", 5, false), Admission::kRepeat);
  EXPECT_EQ(Admit(session, "one", 7, false), Admission::kApplyGap);
  EXPECT_EQ(Admit(session, "one", 4, false), Admission::kStale);
}

TEST(SessionTest, TheFirstCallToARestartedControllerIsAGap) {
  const Session session = {.incarnation_id = "one", .last_sequence = 0};
  EXPECT_EQ(Admit(session, "one", 1, false), Admission::kApply);
  EXPECT_EQ(Admit(session, "one", 17, false), Admission::kApplyGap);
}

TEST(SessionTest, ANewIncarnationTakesOverAndTheOldOneStaysOut) {
  const Session session = {.incarnation_id = "two", .last_sequence = 3};
  EXPECT_EQ(Admit(session, "three", 1, false), Admission::kTakeOver);
  EXPECT_EQ(Admit(session, "one", 9, true), Admission::kFenced);
  EXPECT_EQ(Admit(Session{}, "one", 1, false), Admission::kTakeOver);
}

TEST(TakeoverCounterTest, MoreThanTheLimitWithinTheWindowIsTooMany) {
  TakeoverCounter counter;
  const absl::Duration window = absl::Minutes(10);
  EXPECT_FALSE(counter.Add(absl::Minutes(1), 3, window));
  EXPECT_FALSE(counter.Add(absl::Minutes(2), 3, window));
  EXPECT_FALSE(counter.Add(absl::Minutes(3), 3, window));
  EXPECT_TRUE(counter.Add(absl::Minutes(4), 3, window));
}

TEST(TakeoverCounterTest, OldTakeoversAreForgotten) {
  TakeoverCounter counter;
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(counter.Add(absl::Minutes(4 * i), 3, absl::Minutes(10))) << i;
}

class PlacementTest : public ::testing::Test {
 protected:
  PlacementTest() {
    board_.name = "boards/a";
    board_.has_session = true;
    board_.listening = true;
    board_.description = &description_;
    spec_.set_scenario("pair");
    spec_.set_implementation("call_lock/spin/mask_all");
  }
  const v1::BoardDescription description_ = DescribedBoard(2);
  BoardStanding board_;
  v1::TrialSpec spec_;
};

TEST_F(PlacementTest, AFreeBoardTakesATrialItCanRun) {
  EXPECT_EQ(WhyBoardWaits(board_), absl::nullopt);
  EXPECT_EQ(WhyBoardCannotRun(board_, spec_, ""), absl::nullopt);
}

TEST_F(PlacementTest, ABoardThatDoesNotSearchCanNeverRunAnExploration) {
  spec_.set_target_system(v1::TARGET_SYSTEM_EXPLORE);
  EXPECT_EQ(WhyBoardCannotRun(board_, spec_, ""), "boards/a no longer offers target system explore");
  v1::BoardDescription searches = DescribedBoard(2);
  searches.add_target_systems(v1::TARGET_SYSTEM_EXPLORE);
  board_.description = &searches;
  EXPECT_EQ(WhyBoardCannotRun(board_, spec_, ""), absl::nullopt);
}

TEST_F(PlacementTest, AQuarantinedBoardSaysWhy) {
  board_.state = v1::Board::STATE_QUARANTINED;
  board_.state_reason = "duplicate identity";
  EXPECT_EQ(WhyBoardWaits(board_), "boards/a is quarantined (duplicate identity): an operator must release it");
}

TEST_F(PlacementTest, ABoardThatHasNotCalledGetsNothing) {
  board_.has_session = false;
  EXPECT_EQ(WhyBoardWaits(board_), "boards/a has not called since the controller started");
}

TEST_F(PlacementTest, ASilentBoardIsNeverGivenWork) {
  board_.silent = true;
  board_.silent_for = absl::Seconds(95);
  EXPECT_EQ(WhyBoardWaits(board_), "boards/a is silent, last heard 1m35s ago: look at its agent and network");
}

TEST_F(PlacementTest, ABadSelfCheckIsQuoted) {
  board_.health = "disk full";
  EXPECT_EQ(WhyBoardWaits(board_), "boards/a refuses work: disk full");
}

TEST_F(PlacementTest, AnUndescribedBoardWaits) {
  const v1::BoardDescription nothing;
  board_.description = &nothing;
  EXPECT_EQ(WhyBoardWaits(board_), "boards/a has not described itself yet");
}

TEST_F(PlacementTest, ABusyBoardNamesItsTrial) {
  board_.running_trial = "sweeps/s1/trials/t000001";
  EXPECT_EQ(WhyBoardWaits(board_), "boards/a runs sweeps/s1/trials/t000001");
}

TEST_F(PlacementTest, ABoardBetweenTwoCallsWaitsForTheNext) {
  board_.listening = false;
  EXPECT_EQ(WhyBoardWaits(board_), "boards/a is between two calls");
}

TEST_F(PlacementTest, TheFirstReasonIsTold) {
  board_.health = "hot";
  board_.silent = true;
  EXPECT_THAT(WhyBoardWaits(board_), Optional(HasSubstr("silent")));
}

TEST_F(PlacementTest, WhatABoardNoLongerOffersCanNeverRunThere) {
  spec_.set_implementation("mailbox_grid/spin/mask_all");
  EXPECT_EQ(WhyBoardCannotRun(board_, spec_, ""),
            "boards/a no longer offers implementation mailbox_grid/spin/mask_all");
  spec_.set_implementation("call_lock/spin/mask_all");
  spec_.set_scenario("trio");
  EXPECT_EQ(WhyBoardCannotRun(board_, spec_, ""), "boards/a no longer offers scenario trio");
  spec_.set_scenario_text("cpus: 2");
  EXPECT_EQ(WhyBoardCannotRun(board_, spec_, ""), absl::nullopt);
  spec_.add_cpus(5);
  EXPECT_EQ(WhyBoardCannotRun(board_, spec_, ""), "boards/a no longer has CPU 5");
}

TEST_F(PlacementTest, AnAgentOfAReleaseThatIsNotServedWaitsForItsUpgrade) {
  v1::BoardDescription old = DescribedBoard(2);
  old.set_release(4);
  board_.description = &old;
  board_.release = 7;
  EXPECT_EQ(WhyBoardWaits(board_),
            "boards/a has an agent of release 4, and this controller serves releases 5 to 7: upgrade the agent");
  EXPECT_NE(WhyNotReachable(board_), absl::nullopt) << "nobody would run its health trial";
  board_.release = 6;
  EXPECT_EQ(WhyBoardWaits(board_), absl::nullopt);
}

TEST_F(PlacementTest, ASweepThatBeganWithOneVersionDoesNotGoOnWithAnother) {
  v1::BoardDescription upgraded = DescribedBoard(2);
  upgraded.set_agent_version("0.2.0");
  board_.description = &upgraded;
  EXPECT_EQ(WhyBoardCannotRun(board_, spec_, "0.2.0"), absl::nullopt);
  EXPECT_EQ(WhyBoardCannotRun(board_, spec_, ""), absl::nullopt) << "it has not begun here";
  EXPECT_EQ(
      WhyBoardCannotRun(board_, spec_, "0.1.0"),
      "boards/a runs crosscall 0.2.0 now, and the sweep has begun there with 0.1.0: make a new sweep of what is left");
}

TEST(ReleaseTest, AControllerServesItsOwnReleaseAndTheTwoBefore) {
  for (std::uint32_t agent : {5, 6, 7}) EXPECT_EQ(WhyNotServed(agent, 7), "") << agent;
  EXPECT_THAT(WhyNotServed(4, 7), HasSubstr("serves releases 5 to 7: upgrade the agent"));
  EXPECT_THAT(WhyNotServed(0, 7), HasSubstr("upgrade the agent"));
  EXPECT_THAT(WhyNotServed(8, 7), HasSubstr("upgrade the controller"));
}

TEST(ReleaseTest, TheFirstReleasesServeAgentsOfBeforeTheyWereCounted) {
  EXPECT_EQ(WhyNotServed(0, 1), "");
  EXPECT_EQ(WhyNotServed(0, 2), "");
  EXPECT_THAT(WhyNotServed(0, 3), HasSubstr("serves releases 1 to 3"));
  EXPECT_THAT(WhyNotServed(1, 0), HasSubstr("upgrade the controller"));
}

constexpr LeaseRules kRules = {.first_term = absl::Seconds(60),
                               .term = absl::Seconds(180),
                               .cap_extra = absl::Seconds(60),
                               .untimed_trial_limit = absl::Hours(1)};

v1::TrialSpec TimedSpec(std::int64_t seconds) {
  v1::TrialSpec spec;
  spec.mutable_time_limit()->set_seconds(seconds);
  spec.mutable_deadline()->set_seconds(1);
  return spec;
}

TEST(LeaseTermTest, AFreshLeaseHasTheFirstTerm) {
  const LeaseTerm term = GrantTerm(kRules, TimedSpec(600), absl::Seconds(1000));
  EXPECT_EQ(term.expires, absl::Seconds(1060));
  EXPECT_EQ(term.hard_cap, absl::Seconds(1000 + 600 + 1 + 60));
}

TEST(LeaseTermTest, RenewalNeverPassesTheHardCap) {
  const LeaseTerm term = GrantTerm(kRules, TimedSpec(100), absl::ZeroDuration());
  EXPECT_EQ(RenewedUntil(kRules, term, absl::ZeroDuration()), absl::Seconds(161));
  EXPECT_EQ(RenewedUntil(kRules, GrantTerm(kRules, TimedSpec(600), absl::ZeroDuration()), absl::Seconds(10)),
            absl::Seconds(190));
}

TEST(LeaseTermTest, ATrialThatOnlyCountsCallsIsCappedToo) {
  v1::TrialSpec spec;
  spec.mutable_deadline()->set_seconds(1);
  EXPECT_EQ(GrantTerm(kRules, spec, absl::ZeroDuration()).hard_cap, absl::Seconds(3600 + 61));
}

TEST(LeaseTermTest, ARestartGivesOneFullTerm) {
  EXPECT_EQ(TermAfterRestart(kRules, TimedSpec(600), absl::Seconds(5)).expires, absl::Seconds(185));
}

TEST(LeaseTermTest, OnlyRenewalsByMoreThanAQuarterAreStored) {
  EXPECT_FALSE(WorthStoring(kRules, absl::Seconds(100), absl::Seconds(145)));
  EXPECT_TRUE(WorthStoring(kRules, absl::Seconds(100), absl::Seconds(146)));
}

TEST(VerdictTest, FindingsAreNeverTriedAgain) {
  for (const v1::Outcome outcome :
       {v1::OUTCOME_COMPLETED, v1::OUTCOME_HUNG, v1::OUTCOME_CRASHED, v1::OUTCOME_REFUSED}) {
    for (const bool ending : {false, true}) {
      EXPECT_EQ(AfterAttempt(outcome, 1, 3, ending), v1::Trial::STATE_FINISHED);
    }
  }
}

TEST(VerdictTest, TheRestIsTriedAgainUpToTheLimit) {
  for (const v1::Outcome outcome : {v1::OUTCOME_UNSPECIFIED, v1::OUTCOME_LOST, v1::OUTCOME_INVALID}) {
    EXPECT_EQ(AfterAttempt(outcome, 1, 3, false), v1::Trial::STATE_PENDING);
    EXPECT_EQ(AfterAttempt(outcome, 2, 3, false), v1::Trial::STATE_PENDING);
    EXPECT_EQ(AfterAttempt(outcome, 3, 3, false), v1::Trial::STATE_FAILED);
    EXPECT_EQ(AfterAttempt(outcome, 1, 3, true), v1::Trial::STATE_CANCELLED);
  }
}

TEST(VerdictTest, CoverageCountsWhatToldSomething) {
  v1::SweepProgress progress;
  progress.set_total_count(10);
  progress.set_completed_count(3);
  progress.set_hung_count(2);
  progress.set_crashed_count(1);
  progress.set_refused_count(2);
  progress.set_failed_count(2);
  EXPECT_DOUBLE_EQ(Coverage(progress), 6.0 / 8);
  progress.set_refused_count(10);
  EXPECT_DOUBLE_EQ(Coverage(progress), 1);
}

TEST(VerdictTest, ASweepSucceedsByCoverageUnlessAUserEndedIt) {
  v1::SweepProgress progress;
  progress.set_total_count(100);
  progress.set_completed_count(95);
  EXPECT_EQ(SweepEnd(progress, 0.95, false), v1::Sweep::STATE_SUCCEEDED);
  EXPECT_EQ(SweepEnd(progress, 0.96, false), v1::Sweep::STATE_FAILED);
  EXPECT_EQ(SweepEnd(progress, 0.95, true), v1::Sweep::STATE_CANCELLED);
}

TEST(VerdictTest, EveryEndHasItsCount) {
  v1::SweepProgress progress;
  CountTrial(progress, v1::Trial::STATE_PENDING, v1::OUTCOME_UNSPECIFIED, 2);
  CountTrial(progress, v1::Trial::STATE_PENDING, v1::OUTCOME_UNSPECIFIED, -1);
  CountTrial(progress, v1::Trial::STATE_RUNNING, v1::OUTCOME_UNSPECIFIED, 1);
  CountTrial(progress, v1::Trial::STATE_FINISHED, v1::OUTCOME_REFUSED, 1);
  CountTrial(progress, v1::Trial::STATE_EXPIRED, v1::OUTCOME_LOST, 1);
  CountTrial(progress, v1::Trial::STATE_CANCELLED, v1::OUTCOME_UNSPECIFIED, 1);
  CountTrial(progress, v1::Trial::STATE_FAILED, v1::OUTCOME_INVALID, 1);
  EXPECT_EQ(progress.pending_count(), 1u);
  EXPECT_EQ(progress.running_count(), 1u);
  EXPECT_EQ(progress.refused_count(), 1u);
  EXPECT_EQ(progress.cancelled_count(), 2u);
  EXPECT_EQ(progress.failed_count(), 1u);
  EXPECT_EQ(OpenTrials(progress), 2u);
}

}  // namespace
}  // namespace crosscall::scheduler
