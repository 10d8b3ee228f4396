#include "controller/scheduler/coarse_to_fine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "controller/scheduler/expand.h"
#include "tests/controller/scheduler/boards.h"

namespace crosscall::scheduler {
namespace {

using ::testing::ElementsAre;

TEST(GrainOf, HalvesTheWidestGapAgainAndAgain) {
  std::vector<std::size_t> order = {0, 1, 2, 3, 4, 5, 6, 7};
  std::sort(order.begin(), order.end(), [](std::size_t a, std::size_t b) { return GrainOf(a, 8) < GrainOf(b, 8); });
  EXPECT_THAT(order, ElementsAre(0, 4, 2, 6, 1, 5, 3, 7));
}

TEST(GrainOf, RanksEachItemOnce) {
  for (const std::size_t count : {1, 2, 3, 7, 100, 1023}) {
    std::set<std::uint32_t> grains;
    for (std::size_t index = 0; index < count; ++index) grains.insert(GrainOf(index, count));
    EXPECT_EQ(grains.size(), count);
  }
}

TEST(GrainOfPair, PairsOfOneDistanceCallFromAndToEachCpuOnce) {
  constexpr std::size_t kCpus = 6;
  std::map<std::uint32_t, std::set<std::size_t>> sources;
  std::map<std::uint32_t, std::set<std::size_t>> targets;
  for (std::size_t source = 0; source < kCpus; ++source) {
    for (std::size_t target = 0; target < kCpus; ++target) {
      if (source == target) continue;
      const std::uint32_t grain = GrainOfPair(source, target, kCpus);
      EXPECT_TRUE(sources[grain].insert(source).second && targets[grain].insert(target).second);
    }
  }
  EXPECT_EQ(sources.size(), kCpus - 1);
  for (const auto& [grain, cpus] : sources) EXPECT_EQ(cpus.size(), kCpus);
}

class BudgetedPlan : public ::testing::Test {
 protected:
  static constexpr std::uint32_t kCpus = 64;

  BudgetedPlan() {
    spec_.add_scenarios()->set_id("pair");
    spec_.add_implementations("generic_2008/spin/mask_all");
    spec_.set_all_cpu_pairs(true);
    spec_.set_seed(11);
    spec_.mutable_time_budget()->set_seconds(600);
  }
  std::vector<PlannedTrial> Trials() {
    auto plan = Expand(spec_, {Offer("boards/big", board_)});
    EXPECT_TRUE(plan.ok()) << plan.status();
    return plan.ok() ? plan->trials : std::vector<PlannedTrial>();
  }

  const v1::BoardDescription board_ = DescribedBoard(kCpus);
  v1::SweepSpec spec_;
};

// Usable: no row or column is empty, and no part of the matrix either.
TEST_F(BudgetedPlan, ATenthOfTheTrialsIsAWholeMatrixInSmall) {
  const std::vector<PlannedTrial> trials = Trials();
  ASSERT_EQ(trials.size(), kCpus * (kCpus - 1));
  constexpr std::uint32_t kBlock = 16;
  std::vector<int> from(kCpus);
  std::vector<int> to(kCpus);
  std::set<std::pair<std::uint32_t, std::uint32_t>> blocks;
  for (std::size_t i = 0; i < trials.size() / 10; ++i) {
    const auto& cpus = trials[i].spec.cpus();
    ++from[cpus.Get(0)];
    ++to[cpus.Get(1)];
    blocks.emplace(cpus.Get(0) / kBlock, cpus.Get(1) / kBlock);
  }
  EXPECT_GE(*std::min_element(from.begin(), from.end()), 5);
  EXPECT_GE(*std::min_element(to.begin(), to.end()), 5);
  EXPECT_EQ(blocks.size(), (kCpus / kBlock) * (kCpus / kBlock));
}

TEST_F(BudgetedPlan, RepetitionsRefineLast) {
  spec_.set_repetitions(2);
  const std::vector<PlannedTrial> trials = Trials();
  for (std::size_t i = 0; i < trials.size(); ++i) {
    EXPECT_EQ(trials[i].repetition, i < trials.size() / 2 ? 0u : 1u);
  }
}

TEST_F(BudgetedPlan, TheTrialsThemselvesAreThoseOfAnySweep) {
  const auto names = [](const std::vector<PlannedTrial>& trials) {
    std::map<std::string, std::string> by_id;
    for (const PlannedTrial& trial : trials) by_id[trial.id] = trial.spec.SerializeAsString();
    return by_id;
  };
  const auto budgeted = names(Trials());
  spec_.clear_time_budget();
  EXPECT_EQ(names(Trials()), budgeted);
}

}  // namespace
}  // namespace crosscall::scheduler
