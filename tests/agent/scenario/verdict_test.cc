// The built-in scenarios, interpreted over all implementations under many schedules: what a scenario expects is what
// happens, and where it expects nothing, nothing is lost, doubled or wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "agent/core/algorithms.h"
#include "agent/scenario/catalogue.h"
#include "agent/scenario/parse.h"
#include "proto/shared/implementation_id.h"
#include "tests/agent/scenario/scenario_run.h"

namespace crosscall::scenario {
namespace {

using core::Implementation;
using core::StepPort;
using Outcome = StepPort::Outcome;

constexpr core::u64 kSeedsToComplete = 60;
constexpr core::u64 kSeedsToHang = 400;  // a deadlock must show in one of these

std::string NameOf(const Implementation& implementation) {
  char name[core::kImplementationNameBytes];
  core::Format(implementation, name, sizeof name);
  return name;
}

struct Execution {
  Outcome outcome;
  core::u64 refused;
  core::u64 violations;
};

struct Runner {
  template <template <class> class A>
  Execution operator()() const {
    StepPort::Options port_options;
    port_options.irq_model = implementation.irq_model;
    port_options.seed = seed;
    port_options.devices_per_cpu = 4;
    const core::CallOptions options{.policy = implementation.policy, .irq_model = implementation.irq_model};
    ScenarioRun<core::Calls<StepPort, A>> run(compiled, port_options, options);
    const Outcome outcome = run.Run();
    return {outcome, run.Total().refused, run.Violations()};
  }

  const CompiledScenario& compiled;
  const Implementation& implementation;
  core::u64 seed;
};

Execution Execute(const CompiledScenario& compiled, const Implementation& implementation, core::u64 seed) {
  return core::VisitAlgorithm<StepPort>(implementation.algorithm, Runner{compiled, implementation, seed});
}

class CatalogueVerdictTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const auto entry = FindScenario(GetParam());
    ASSERT_TRUE(entry.ok()) << entry.status();
    const auto scenario = ParseScenario((*entry)->yaml, GetParam());
    ASSERT_TRUE(scenario.ok()) << scenario.status();
    scenario_ = *scenario;
  }
  // The verdict that the scenario expects of an implementation, or nothing.
  std::string Expected(const std::string& name) const {
    std::string verdict;
    for (const v1::Expectation& expectation : scenario_.expectations()) {
      if (!shared::MatchesImplementation(expectation.implementation(), name)) continue;
      EXPECT_TRUE(verdict.empty()) << name << " is expected twice";
      verdict = expectation.verdict();
    }
    return verdict;
  }
  v1::Scenario scenario_;
};

void ExpectCompletes(const CompiledScenario& compiled, const Implementation& implementation, bool refused) {
  for (core::u64 seed = 1; seed <= kSeedsToComplete; ++seed) {
    const Execution execution = Execute(compiled, implementation, seed);
    ASSERT_EQ(execution.outcome, Outcome::kFinished) << NameOf(implementation) << " seed " << seed;
    EXPECT_EQ(execution.violations, 0u) << NameOf(implementation) << " seed " << seed;
    EXPECT_EQ(execution.refused > 0, refused) << NameOf(implementation) << " seed " << seed;
  }
}

void ExpectDeadlock(const CompiledScenario& compiled, const Implementation& implementation) {
  for (core::u64 seed = 1; seed <= kSeedsToHang; ++seed) {
    const Execution execution = Execute(compiled, implementation, seed);
    ASSERT_NE(execution.outcome, Outcome::kStepLimit);
    EXPECT_EQ(execution.violations, 0u) << NameOf(implementation) << " seed " << seed;
    if (execution.outcome == Outcome::kDeadlock) return;
  }
  ADD_FAILURE() << NameOf(implementation) << " never deadlocked";
}

TEST_P(CatalogueVerdictTest, HappensAsExpected) {
  const auto compiled = Compile(scenario_);
  ASSERT_TRUE(compiled.ok()) << compiled.status();
  for (const Implementation& implementation : core::kImplementations) {
    const std::string verdict = Expected(NameOf(implementation));
    ASSERT_FALSE(verdict.empty()) << NameOf(implementation);
    if (verdict == "deadlock") {
      ExpectDeadlock(*compiled, implementation);
    } else {
      ExpectCompletes(*compiled, implementation, verdict == "refused");
    }
  }
}

std::string Underscored(const ::testing::TestParamInfo<std::string>& tested) {
  std::string name = tested.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Section6, CatalogueVerdictTest,
                         ::testing::Values("mutual-masked", "target-masked", "ring-masked", "ring-one-open",
                                           "caller-holds-lock", "lock-masked-caller", "function-takes-lock"),
                         Underscored);

// No program of these masks interrupts over a call that waits for somebody masked, so everything completes.
class CatalogueCompletesTest : public CatalogueVerdictTest {};

TEST_P(CatalogueCompletesTest, WithEveryImplementationThatDoesNotRefuse) {
  const auto compiled = Compile(scenario_);
  ASSERT_TRUE(compiled.ok()) << compiled.status();
  for (const Implementation& implementation : core::kImplementations) {
    if (implementation.policy != core::WaitPolicy::kFailFast) ExpectCompletes(*compiled, implementation, false);
  }
}

INSTANTIATE_TEST_SUITE_P(Open, CatalogueCompletesTest,
                         ::testing::Values("single-call", "ping-pong", "ring", "mesh", "broadcast", "mask-sizes",
                                           "nowait-burst", "async-busy", "self-call", "masked-caller", "many-to-one",
                                           "slow-function", "offline-during-calls", "storm-with-devices"),
                         Underscored);

}  // namespace
}  // namespace crosscall::scenario
