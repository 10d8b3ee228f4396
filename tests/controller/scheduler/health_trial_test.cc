#include "controller/scheduler/health_trial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/scheduler/expand.h"
#include "proto/shared/validate.h"
#include "tests/controller/scheduler/boards.h"

namespace crosscall::scheduler {
namespace {

using ::testing::HasSubstr;

TEST(HealthTrialTest, IsOneTrialThatTheBoardCanRun) {
  const v1::BoardDescription description = DescribedBoard(2);
  const absl::StatusOr<v1::SweepSpec> spec = HealthSweep("boards/a", description);
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_TRUE(shared::Validate(*spec).ok()) << shared::Validate(*spec);
  const absl::StatusOr<Plan> plan = Expand(*spec, {Offer("boards/a", description), Offer("boards/b", description)});
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_EQ(plan->trials.size(), 1u);
  EXPECT_EQ(plan->trials[0].board, "boards/a");
  EXPECT_EQ(plan->trials[0].spec.scenario(), "pair");
  EXPECT_EQ(plan->trials[0].spec.implementation(), "call_lock/spin/mask_all");
}

TEST(HealthTrialTest, PrefersTheSimplestScenarioAndTheImplementationInUse) {
  v1::BoardDescription description = DescribedBoard(2);
  description.add_implementations("per_target/poll_completion/mask_all");
  v1::ScenarioInfo& info = *description.add_scenarios();
  info.set_id("single-call");
  info.set_cpu_count(2);
  const absl::StatusOr<v1::SweepSpec> spec = HealthSweep("boards/a", description);
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->scenarios(0).id(), "single-call");
  EXPECT_EQ(spec->implementations(0), "per_target/poll_completion/mask_all");
}

TEST(HealthTrialTest, SaysWhatABoardLacks) {
  v1::BoardDescription description = DescribedBoard(1);
  EXPECT_THAT(std::string(HealthSweep("boards/a", description).status().message()),
              HasSubstr("no scenario that fits on its 1 CPUs"));
  description = DescribedBoard(2);
  description.clear_implementations();
  EXPECT_THAT(std::string(HealthSweep("boards/a", description).status().message()), HasSubstr("no implementation"));
  description = DescribedBoard(2);
  description.add_target_systems(v1::TARGET_SYSTEM_EXPLORE);
  EXPECT_THAT(std::string(HealthSweep("boards/a", description).status().message()), HasSubstr("signal"));
}

TEST(HealthTrialTest, OnlyACompletedTrialPasses) {
  v1::Trial trial;
  trial.set_state(v1::Trial::STATE_RUNNING);
  EXPECT_EQ(ResultOfCheck(trial), CheckResult::kOpen);
  trial.set_state(v1::Trial::STATE_FINISHED);
  for (const v1::Outcome outcome : {v1::OUTCOME_HUNG, v1::OUTCOME_CRASHED, v1::OUTCOME_REFUSED}) {
    trial.set_outcome(outcome);
    EXPECT_EQ(ResultOfCheck(trial), CheckResult::kFailed);
  }
  trial.set_outcome(v1::OUTCOME_COMPLETED);
  EXPECT_EQ(ResultOfCheck(trial), CheckResult::kPassed);
  trial.set_state(v1::Trial::STATE_FAILED);
  EXPECT_EQ(ResultOfCheck(trial), CheckResult::kFailed);
  for (const v1::Trial::State state : {v1::Trial::STATE_CANCELLED, v1::Trial::STATE_EXPIRED}) {
    trial.set_state(state);
    EXPECT_EQ(ResultOfCheck(trial), CheckResult::kNothing);
  }
}

}  // namespace
}  // namespace crosscall::scheduler
