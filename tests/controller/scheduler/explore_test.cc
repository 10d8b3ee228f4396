// Explorations in a sweep: what is searched, and where.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "controller/scheduler/expand.h"
#include "controller/scheduler/target_systems.h"
#include "proto/shared/validate.h"
#include "tests/controller/scheduler/boards.h"

namespace crosscall::scheduler {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class ExploreTest : public ::testing::Test {
 protected:
  ExploreTest() {
    for (v1::BoardDescription* board : {&a_, &b_}) {
      board->add_target_systems(v1::TARGET_SYSTEM_SIGNAL);
      board->add_target_systems(v1::TARGET_SYSTEM_EXPLORE);
    }
    spec_.add_scenarios()->set_id("pair");
    spec_.add_implementations("*");
    spec_.add_target_systems(v1::TARGET_SYSTEM_EXPLORE);
  }
  std::vector<BoardOffer> Boards() const { return {Offer("boards/a", a_), Offer("boards/b", b_)}; }

  v1::BoardDescription a_ = DescribedBoard(2);
  v1::BoardDescription b_ = DescribedBoard(2);
  v1::SweepSpec spec_;
};

TEST_F(ExploreTest, EachPointIsSearchedOnceAndTheBoardsShareTheWork) {
  spec_.add_parameter_sets()->add_parameters()->set_id("n");
  spec_.add_parameter_sets();
  const auto plan = Expand(spec_, Boards());
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->trial_count, 4u * 2);
  std::set<std::string> points;
  std::map<std::string, int> of_board;
  for (const PlannedTrial& trial : plan->trials) {
    EXPECT_EQ(trial.spec.target_system(), v1::TARGET_SYSTEM_EXPLORE);
    EXPECT_TRUE(shared::Validate(trial.spec).ok()) << shared::Validate(trial.spec);
    EXPECT_EQ(trial.spec.time_limit().seconds(), 60) << "the default";
    v1::TrialSpec point = trial.spec;
    point.clear_seed();
    points.insert(point.SerializeAsString());
    ++of_board[trial.board];
  }
  EXPECT_EQ(points.size(), plan->trial_count);
  EXPECT_EQ(of_board, (std::map<std::string, int>{{"boards/a", 4}, {"boards/b", 4}}));
  const auto count = Count(spec_, Boards());
  ASSERT_TRUE(count.ok());
  EXPECT_EQ(count->trial_count, plan->trial_count);
}

TEST_F(ExploreTest, TakesLimitsAndMemoryModelFromTheSweep) {
  spec_.mutable_trial_time()->set_seconds(5);
  spec_.mutable_explore()->set_memory(v1::MEMORY_MODEL_SC);
  spec_.mutable_explore()->set_max_states(1000);
  const auto plan = Expand(spec_, Boards());
  ASSERT_TRUE(plan.ok()) << plan.status();
  for (const PlannedTrial& trial : plan->trials) {
    EXPECT_EQ(trial.spec.time_limit().seconds(), 5);
    EXPECT_EQ(trial.spec.explore().memory(), v1::MEMORY_MODEL_SC);
    EXPECT_EQ(trial.spec.explore().max_states(), 1000u);
  }
}

TEST_F(ExploreTest, NeedsNoCpusOfTheBoard) {
  spec_.mutable_scenarios(0)->set_id("quad");
  const auto plan = Expand(spec_, Boards());
  ASSERT_TRUE(plan.ok()) << plan.status();
  for (const PlannedTrial& trial : plan->trials) EXPECT_TRUE(trial.spec.cpus().empty());
}

TEST_F(ExploreTest, AxesOfMeasuringDoNotMultiplyExplorationsBesideThem) {
  spec_.set_implementations(0, "call_lock/spin/mask_all");
  spec_.add_target_systems(v1::TARGET_SYSTEM_SIGNAL);
  spec_.set_all_cpu_pairs(true);
  spec_.set_repetitions(3);
  spec_.set_call_limit(100);
  const auto plan = Expand(spec_, Boards());
  ASSERT_TRUE(plan.ok()) << plan.status();
  std::map<int, int> systems;
  for (const PlannedTrial& trial : plan->trials) {
    ++systems[trial.spec.target_system()];
    EXPECT_TRUE(shared::Validate(trial.spec).ok()) << shared::Validate(trial.spec);
  }
  EXPECT_EQ(systems, (std::map<int, int>{{v1::TARGET_SYSTEM_SIGNAL, 2 * 2 * 3}, {v1::TARGET_SYSTEM_EXPLORE, 1}}));
}

TEST_F(ExploreTest, WhatOnlyMeasuringHasIsRefused) {
  spec_.set_call_limit(100);
  const absl::Status status = Expand(spec_, Boards()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("call_limit"), HasSubstr("target system signal")));
}

TEST_F(ExploreTest, BoardThatCannotSearchIsNamedWithWhatItOffers) {
  b_.clear_target_systems();
  const absl::Status status = Expand(spec_, Boards()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("no target system explore on boards/b"), HasSubstr("offers: signal")));
  spec_.clear_target_systems();
  EXPECT_TRUE(Expand(spec_, Boards()).ok()) << "what it does offer";
}

TEST_F(ExploreTest, ImplementationIsSearchedOnlyWhereItIsOffered) {
  b_.add_implementations("per_target/spin/mask_all");
  const auto plan = Expand(spec_, Boards());
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->trial_count, 5u);
  for (const PlannedTrial& trial : plan->trials) {
    if (trial.spec.implementation() != "per_target/spin/mask_all") continue;
    EXPECT_EQ(trial.board, "boards/b");
  }
}

TEST_F(ExploreTest, TooManyPointsSayHowMany) {
  for (int i = 0; i < 255; ++i) spec_.add_scenarios()->set_id("pair");
  for (int i = 0; i < 1024; ++i) spec_.add_parameter_sets();
  const absl::Status status = Count(spec_, Boards()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("1048576 trials"), HasSubstr("explorations: 1048576, of 4 implementations")));
}

TEST_F(ExploreTest, OfferedSystemsAreWords) {
  EXPECT_EQ(OfferedTargetSystems(a_), "signal, explore");
  EXPECT_TRUE(Offers(DescribedBoard(1), v1::TARGET_SYSTEM_UNSPECIFIED));
  EXPECT_FALSE(Offers(DescribedBoard(1), v1::TARGET_SYSTEM_EXPLORE));
}

}  // namespace
}  // namespace crosscall::scheduler
