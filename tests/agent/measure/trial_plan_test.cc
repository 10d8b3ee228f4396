#include "agent/measure/trial_plan.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace crosscall::measure {
namespace {

v1::TrialSpec SpecOf(const std::string& scenario, const std::string& implementation) {
  v1::TrialSpec spec;
  spec.set_scenario(scenario);
  spec.set_implementation(implementation);
  spec.set_call_limit(1);
  spec.mutable_deadline()->set_seconds(1);
  return spec;
}

TEST(TrialPlanTest, LowestUsableCpusAreTaken) {
  const absl::StatusOr<TrialPlan> plan = PlanTrial(SpecOf("single-call", "per_target/spin/mask_all"), {3, 5, 9});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->board_cpus, (std::vector<std::uint32_t>{3, 5}));
  EXPECT_FALSE(plan->oversubscribed);
  EXPECT_EQ(plan->active, (std::vector<std::uint32_t>{0}));
  EXPECT_EQ(plan->kernel_counts_kicks, (std::vector<bool>{true, true}));
}

TEST(TrialPlanTest, MaskedTargetsAreNotCheckedAgainstTheKernelUnlessTheirIpisStayOpen) {
  const auto masked = PlanTrial(SpecOf("mutual-masked", "per_target/spin/mask_all"), {0, 1});
  const auto open = PlanTrial(SpecOf("mutual-masked", "per_target/spin/ipi_open"), {0, 1});
  ASSERT_TRUE(masked.ok() && open.ok());
  EXPECT_EQ(masked->kernel_counts_kicks, (std::vector<bool>{false, false}));
  EXPECT_EQ(open->kernel_counts_kicks, (std::vector<bool>{true, true}));
}

TEST(TrialPlanTest, SleepingTargetsAreNotCheckedAgainstTheKernel) {
  v1::TrialSpec spec = SpecOf("single-call", "per_target/spin/mask_all");
  spec.set_target_state(v1::TARGET_STATE_SLEEP);
  const auto plan = PlanTrial(spec, {0, 1});
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->kernel_counts_kicks, (std::vector<bool>{false, false}));
}

struct BadSpec {
  const char* name;
  void (*change)(v1::TrialSpec&);
  absl::StatusCode code;
  const char* text;
};

constexpr BadSpec kBadSpecs[] = {
    {"UnknownImplementationListsTheKnown", [](v1::TrialSpec& s) { s.set_implementation("per_target/spin/mask_some"); },
     absl::StatusCode::kNotFound, "mask_all"},
    {"PatternIsNoImplementation", [](v1::TrialSpec& s) { s.set_implementation("per_target/spin/*"); },
     absl::StatusCode::kInvalidArgument, "exactly one"},
    {"UnknownScenarioListsTheKnown", [](v1::TrialSpec& s) { s.set_scenario("no-such-thing"); },
     absl::StatusCode::kNotFound, "single-call"},
    {"ScenarioTextIsReadWithPositions",
     [](v1::TrialSpec& s) { s.set_scenario_text("scenario: single-call\nbogus: 1\n"); },
     absl::StatusCode::kInvalidArgument, ":2:"},
    {"ScenarioTextMustHaveTheNameOfTheSpec",
     [](v1::TrialSpec& s) { s.set_scenario_text("scenario: other\nabout: x\nprograms:\n  0: [call 1 noop wait]\n"); },
     absl::StatusCode::kInvalidArgument, "other"},
    {"UnknownParameter",
     [](v1::TrialSpec& s) {
       s.add_parameters()->set_id("nope");
       s.mutable_parameters(0)->set_value(1);
     },
     absl::StatusCode::kInvalidArgument, "nope"},
    {"CpuThatIsNotOnline",
     [](v1::TrialSpec& s) {
       s.add_cpus(0);
       s.add_cpus(77);
     },
     absl::StatusCode::kFailedPrecondition, "77"},
    {"CpuListedTwice",
     [](v1::TrialSpec& s) {
       s.add_cpus(1);
       s.add_cpus(1);
     },
     absl::StatusCode::kInvalidArgument, "twice"},
    {"WrongNumberOfCpus", [](v1::TrialSpec& s) { s.add_cpus(0); }, absl::StatusCode::kInvalidArgument, "has 2 CPUs"},
    {"MoreCpusThanTheBoardHas", [](v1::TrialSpec& s) { s.set_scenario("mesh"); }, absl::StatusCode::kFailedPrecondition,
     "oversubscription"},
    {"NoLimit", [](v1::TrialSpec& s) { s.set_call_limit(0); }, absl::StatusCode::kInvalidArgument, "call_limit"},
};

class BadSpecTest : public ::testing::TestWithParam<BadSpec> {};

TEST_P(BadSpecTest, IsRefusedWithWhatToDo) {
  v1::TrialSpec spec = SpecOf("single-call", "per_target/spin/mask_all");
  GetParam().change(spec);
  const absl::StatusOr<TrialPlan> plan = PlanTrial(spec, {0, 1});
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.status().code(), GetParam().code) << plan.status();
  EXPECT_NE(std::string(plan.status().message()).find(GetParam().text), std::string::npos) << plan.status();
}

INSTANTIATE_TEST_SUITE_P(Cases, BadSpecTest, ::testing::ValuesIn(kBadSpecs),
                         [](const ::testing::TestParamInfo<BadSpec>& test) { return std::string(test.param.name); });

TEST(TrialPlanTest, OversubscriptionSharesCpusAndSaysSo) {
  v1::TrialSpec spec = SpecOf("mesh", "per_target/spin/mask_all");
  spec.set_oversubscribe(true);
  const absl::StatusOr<TrialPlan> plan = PlanTrial(spec, {0, 1});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->board_cpus, (std::vector<std::uint32_t>{0, 1, 0}));
  EXPECT_TRUE(plan->oversubscribed);
}

}  // namespace
}  // namespace crosscall::measure
