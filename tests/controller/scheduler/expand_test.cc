#include "controller/scheduler/expand.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "proto/shared/validate.h"
#include "tests/controller/scheduler/boards.h"

namespace crosscall::scheduler {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ExpandTest : public ::testing::Test {
 protected:
  ExpandTest() {
    spec_.add_scenarios()->set_id("pair");
    spec_.add_implementations("generic_2008/spin/mask_all");
    spec_.set_seed(7);
  }

  std::vector<BoardOffer> Boards() const { return {Offer("boards/a", two_), Offer("boards/b", four_)}; }
  std::vector<BoardOffer> OnlyA() const { return {Offer("boards/a", two_)}; }

  v1::BoardDescription two_ = DescribedBoard(2);
  v1::BoardDescription four_ = DescribedBoard(4);
  v1::SweepSpec spec_;
};

TEST_F(ExpandTest, FillsTheDefaults) {
  const auto plan = Expand(spec_, OnlyA());
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_EQ(plan->trials.size(), 1u);
  const v1::TrialSpec& trial = plan->trials[0].spec;
  EXPECT_EQ(plan->trials[0].id, "t000000");
  EXPECT_EQ(trial.target_state(), v1::TARGET_STATE_SPIN);
  EXPECT_EQ(trial.target_system(), v1::TARGET_SYSTEM_SIGNAL);
  EXPECT_EQ(trial.call_limit(), 10'000u);
  EXPECT_EQ(trial.deadline().seconds(), 1);
  EXPECT_TRUE(trial.cpus().empty());
  EXPECT_TRUE(shared::Validate(trial).ok());
}

TEST_F(ExpandTest, MultipliesEveryAxisOverEveryBoard) {
  spec_.set_implementations(0, "*");
  spec_.add_cpu_lists()->add_cpus(0);
  spec_.mutable_cpu_lists(0)->add_cpus(1);
  spec_.add_target_states(v1::TARGET_STATE_SPIN);
  spec_.add_target_states(v1::TARGET_STATE_SLEEP);
  spec_.add_parameter_sets()->add_parameters()->set_id("size");
  spec_.add_parameter_sets();
  spec_.add_arrival_rates_hz(0);
  spec_.add_arrival_rates_hz(100);
  spec_.set_repetitions(3);
  const auto plan = Expand(spec_, Boards());
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->trial_count, 2u * 4 * 1 * 2 * 2 * 2 * 3);
  EXPECT_EQ(plan->trials.size(), plan->trial_count);
  std::set<std::string> ids;
  std::set<std::string> points;
  std::set<std::uint64_t> seeds;
  for (const PlannedTrial& trial : plan->trials) {
    ids.insert(trial.id);
    seeds.insert(trial.spec.seed());
    v1::TrialSpec point = trial.spec;
    point.clear_seed();
    points.insert(trial.board + std::to_string(trial.repetition) + point.SerializeAsString());
  }
  EXPECT_EQ(ids.size(), plan->trial_count);
  EXPECT_EQ(seeds.size(), plan->trial_count);
  EXPECT_EQ(points.size(), plan->trial_count);
}

TEST_F(ExpandTest, IsTheSameForTheSameInput) {
  spec_.set_implementations(0, "*");
  spec_.set_repetitions(5);
  const auto first = Expand(spec_, Boards());
  std::vector<BoardOffer> turned = Boards();
  std::swap(turned[0], turned[1]);
  const auto second = Expand(spec_, turned);
  ASSERT_TRUE(first.ok() && second.ok());
  ASSERT_EQ(first->trials.size(), second->trials.size());
  for (std::size_t i = 0; i < first->trials.size(); ++i) {
    EXPECT_EQ(first->trials[i].id, second->trials[i].id);
    EXPECT_EQ(first->trials[i].board, second->trials[i].board);
    EXPECT_EQ(first->trials[i].spec.SerializeAsString(), second->trials[i].spec.SerializeAsString());
  }
}

TEST_F(ExpandTest, AnotherSeedChangesTheOrderButNotTheIds) {
  spec_.set_repetitions(50);
  const auto first = Expand(spec_, OnlyA());
  spec_.set_seed(8);
  const auto second = Expand(spec_, OnlyA());
  ASSERT_TRUE(first.ok() && second.ok());
  std::vector<std::string> a;
  std::vector<std::string> b;
  for (const PlannedTrial& trial : first->trials) a.push_back(trial.id);
  for (const PlannedTrial& trial : second->trials) b.push_back(trial.id);
  EXPECT_NE(a, b);
  EXPECT_THAT(a, ::testing::UnorderedElementsAreArray(b));
}

TEST_F(ExpandTest, TheOrderIsFixedForEver) {
  // A change here would change what a stored seed means.
  spec_.set_repetitions(6);
  const auto plan = Expand(spec_, OnlyA());
  ASSERT_TRUE(plan.ok());
  std::vector<std::uint32_t> order;
  for (const PlannedTrial& trial : plan->trials) order.push_back(trial.repetition);
  EXPECT_THAT(order, ElementsAre(5, 4, 1, 3, 0, 2));
}

TEST_F(ExpandTest, AllCpuPairsAreOrderedPairs) {
  spec_.set_all_cpu_pairs(true);
  spec_.mutable_selector()->add_boards("boards/b");
  const auto plan = Expand(spec_, Boards());
  ASSERT_TRUE(plan.ok()) << plan.status();
  std::set<std::pair<std::uint32_t, std::uint32_t>> pairs;
  for (const PlannedTrial& trial : plan->trials) {
    ASSERT_EQ(trial.spec.cpus_size(), 2);
    EXPECT_NE(trial.spec.cpus(0), trial.spec.cpus(1));
    pairs.emplace(trial.spec.cpus(0), trial.spec.cpus(1));
  }
  EXPECT_EQ(pairs.size(), 12u);
}

TEST_F(ExpandTest, CutsALongCpuListToWhatTheScenarioNeeds) {
  for (const std::uint32_t cpu : {3, 1, 2}) {
    if (spec_.cpu_lists().empty()) spec_.add_cpu_lists();
    spec_.mutable_cpu_lists(0)->add_cpus(cpu);
  }
  spec_.mutable_selector()->add_boards("boards/b");
  const auto plan = Expand(spec_, Boards());
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(plan->trials[0].spec.cpus(), ElementsAre(3, 1));
}

TEST_F(ExpandTest, OversubscribeLetsAScenarioOutgrowItsBoard) {
  spec_.mutable_scenarios(0)->set_id("quad");
  EXPECT_EQ(Expand(spec_, OnlyA()).status().code(), absl::StatusCode::kFailedPrecondition);
  spec_.set_oversubscribe(true);
  const auto plan = Expand(spec_, OnlyA());
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_TRUE(plan->trials[0].spec.oversubscribe());
}

TEST_F(ExpandTest, AUsersOwnScenarioNeedsNoOffer) {
  spec_.mutable_scenarios(0)->set_id("mine");
  spec_.mutable_scenarios(0)->set_text("cpus: 2");
  const auto plan = Expand(spec_, OnlyA());
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->trials[0].spec.scenario_text(), "cpus: 2");
}

TEST_F(ExpandTest, ADryRunCountsAndMakesNothing) {
  spec_.set_implementations(0, "*");
  spec_.set_repetitions(10);
  const auto plan = Count(spec_, Boards());
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->trial_count, 80u);
  EXPECT_TRUE(plan->trials.empty());
}

TEST_F(ExpandTest, TheLimitItselfIsAllowed) {
  spec_.set_repetitions(100'000);
  EXPECT_EQ(Count(spec_, OnlyA())->trial_count, 100'000u);
}

struct BadInput {
  const char* name;
  std::function<void(v1::SweepSpec&)> spoil;
  absl::StatusCode code;
  std::vector<const char*> said;
};

class BadInputTest : public ExpandTest, public ::testing::WithParamInterface<BadInput> {};

TEST_P(BadInputTest, IsRefusedWithTheReason) {
  GetParam().spoil(spec_);
  for (const auto& plan : {Expand(spec_, Boards()), Count(spec_, Boards())}) {
    EXPECT_EQ(plan.status().code(), GetParam().code) << plan.status();
    for (const char* words : GetParam().said) {
      EXPECT_THAT(std::string(plan.status().message()), HasSubstr(words));
    }
  }
}

const BadInput kBadInputs[] = {
    {"NoScenario", [](v1::SweepSpec& s) { s.clear_scenarios(); }, absl::StatusCode::kInvalidArgument, {"scenarios"}},
    {"NoImplementation",
     [](v1::SweepSpec& s) { s.clear_implementations(); },
     absl::StatusCode::kInvalidArgument,
     {"implementations"}},
    {"UnknownScenario",
     [](v1::SweepSpec& s) { s.mutable_scenarios(0)->set_id("trio"); },
     absl::StatusCode::kNotFound,
     {"\"trio\"", "pair, quad", "boards/a"}},
    {"UnknownImplementation",
     [](v1::SweepSpec& s) { s.set_implementations(0, "generic_2009"); },
     absl::StatusCode::kNotFound,
     {"\"generic_2009\"", "call_lock, generic_2008", "boards/a"}},
    {"UnknownBoard",
     [](v1::SweepSpec& s) { s.mutable_selector()->add_boards("boards/zz"); },
     absl::StatusCode::kNotFound,
     {"\"boards/zz\"", "boards/a", "boards/b"}},
    {"LabelThatNobodyHas",
     [](v1::SweepSpec& s) { s.mutable_selector()->add_labels("lab=x"); },
     absl::StatusCode::kFailedPrecondition,
     {"lab=x", "boards: boards/a, boards/b"}},
    {"MoreBoardsThanMatch",
     [](v1::SweepSpec& s) { s.mutable_selector()->set_any_count(3); },
     absl::StatusCode::kFailedPrecondition,
     {"any 3", "the 2 that match"}},
    {"MoreCpusThanTheBoardHas",
     [](v1::SweepSpec& s) { s.mutable_scenarios(0)->set_id("quad"); },
     absl::StatusCode::kFailedPrecondition,
     {"needs 4 CPUs", "boards/a has 2 (0,1)", "oversubscribe"}},
    {"CpuThatTheBoardHasNot",
     [](v1::SweepSpec& s) {
       s.add_cpu_lists()->add_cpus(0);
       s.mutable_cpu_lists(0)->add_cpus(3);
     },
     absl::StatusCode::kFailedPrecondition,
     {"CPU 3", "boards/a", "0,1"}},
    {"CpuListedTwice",
     [](v1::SweepSpec& s) {
       s.add_cpu_lists()->add_cpus(1);
       s.mutable_cpu_lists(0)->add_cpus(1);
     },
     absl::StatusCode::kInvalidArgument,
     {"CPU 1 is listed twice"}},
    {"CpuListTooShort",
     [](v1::SweepSpec& s) { s.add_cpu_lists()->add_cpus(0); },
     absl::StatusCode::kInvalidArgument,
     {"has 1 CPUs", "needs 2"}},
    {"PairsOfAScenarioOfFour",
     [](v1::SweepSpec& s) {
       s.mutable_scenarios(0)->set_id("quad");
       s.mutable_selector()->add_boards("boards/b");
       s.set_all_cpu_pairs(true);
     },
     absl::StatusCode::kInvalidArgument,
     {"all_cpu_pairs", "needs 4"}},
    {"PairsBesideLists",
     [](v1::SweepSpec& s) {
       s.add_cpu_lists();
       s.set_all_cpu_pairs(true);
     },
     absl::StatusCode::kInvalidArgument,
     {"all_cpu_pairs"}},
    {"DeadlineZero",
     [](v1::SweepSpec& s) { s.mutable_trial_deadline()->set_seconds(0); },
     absl::StatusCode::kInvalidArgument,
     {"trial_deadline"}},
    {"ProductTooLarge",
     [](v1::SweepSpec& s) {
       s.set_implementations(0, "*");
       s.set_repetitions(12'501);
     },
     absl::StatusCode::kInvalidArgument,
     {"100008 trials", "100000", "1 scenarios", "4 implementations", "1 target states", "12501 repetitions", "boards/a",
      "boards/b"}},
};

INSTANTIATE_TEST_SUITE_P(Table, BadInputTest, ::testing::ValuesIn(kBadInputs),
                         [](const auto& row) { return std::string(row.param.name); });

TEST_F(ExpandTest, AHugeProductIsCountedWithoutBeingMade) {
  v1::BoardDescription big = DescribedBoard(1024);
  spec_.set_implementations(0, "*");
  spec_.set_all_cpu_pairs(true);
  spec_.set_repetitions(100'000);
  for (int i = 0; i < 1024; ++i) spec_.add_parameter_sets();
  for (int i = 0; i < 64; ++i) spec_.add_arrival_rates_hz(i);
  for (int i = 0; i < 3; ++i) spec_.add_target_states(v1::TARGET_STATE_SPIN);
  for (int i = 1; i < 256; ++i) spec_.add_scenarios()->set_id("pair");
  const auto plan = Expand(spec_, {Offer("boards/big", big)});
  EXPECT_EQ(plan.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(plan.status().message()), AllOf(HasSubstr("more than 2^64"), HasSubstr("256 scenarios")));
}

TEST_F(ExpandTest, WithoutAnyBoardTheUserIsToldToStartAnAgent) {
  const auto plan = Expand(spec_, {});
  EXPECT_EQ(plan.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(plan.status().message()), HasSubstr("crosscall-agent"));
}

TEST_F(ExpandTest, QuarantinedBoardsTakePartOnlyByName) {
  std::vector<BoardOffer> boards = Boards();
  boards[0].withheld = "quarantined";
  auto plan = Expand(spec_, boards);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->trials[0].board, "boards/b");
  EXPECT_EQ(plan->trial_count, 1u);
  spec_.mutable_selector()->add_boards("boards/a");
  plan = Expand(spec_, boards);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->trials[0].board, "boards/a");
}

TEST_F(ExpandTest, ABoardThatHasNotDescribedItselfIsNamedWhenAskedFor) {
  const v1::BoardDescription nothing;
  std::vector<BoardOffer> boards = Boards();
  boards.push_back(Offer("boards/c", nothing));
  EXPECT_EQ(Count(spec_, boards)->trial_count, 2u);
  spec_.mutable_selector()->add_boards("boards/c");
  const auto plan = Expand(spec_, boards);
  EXPECT_EQ(plan.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(plan.status().message()), HasSubstr("boards/c has not described itself"));
}

TEST_F(ExpandTest, AnyCountTakesBoardsThatReportFirst) {
  std::vector<BoardOffer> boards = Boards();
  boards[1].online = false;
  spec_.mutable_selector()->set_any_count(1);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    spec_.set_seed(seed);
    EXPECT_EQ(Expand(spec_, boards)->trials[0].board, "boards/a");
  }
}

TEST_F(ExpandTest, LabelsMustAllBeThere) {
  two_.add_labels("arch=arm64");
  four_.add_labels("arch=arm64");
  four_.add_labels("lab=x");
  spec_.mutable_selector()->add_labels("arch=arm64");
  EXPECT_EQ(Count(spec_, Boards())->trial_count, 2u);
  spec_.mutable_selector()->add_labels("lab=x");
  EXPECT_EQ(Expand(spec_, Boards())->trials[0].board, "boards/b");
}

}  // namespace
}  // namespace crosscall::scheduler
