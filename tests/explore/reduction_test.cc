// What the reduction saves, and that it changes no verdict: all built-in scenarios of two CPUs on all implementations,
// wherever the search without it ends within a number of states. Prints both numbers.
#include <gtest/gtest.h>

#include <iostream>
#include <string>

#include "agent/scenario/catalogue.h"
#include "tests/agent/explore/explorations.h"

namespace crosscall::explore {
namespace {

constexpr u64 kMaxStates = 2500;

// Loops of the built-in scenarios are cut to one round.
v1::Scenario ShortScenario(const scenario::CatalogueEntry& entry) {
  const auto cut = scenario::ParseScenario(entry.yaml, entry.id, {{"n", 1}});
  return cut.ok() ? *cut : ParsedScenario(std::string(entry.yaml));
}

struct Totals {
  u32 pairs = 0;
  u32 compared = 0;
  u64 states_reduced = 0;
  u64 states_unreduced = 0;
  u64 steps_reduced = 0;
  u64 steps_unreduced = 0;
};

void Compare(const v1::Scenario& scenario, const core::Implementation& implementation, MemoryModel memory,
             Totals& totals) {
  SCOPED_TRACE(absl::StrCat(scenario.id(), " on ", NameOf(implementation), ", ", MemoryModelName(memory)));
  ++totals.pairs;
  ExploreOptions options = In(memory);
  options.reduced = false;
  options.limits.max_states = kMaxStates;
  const Finding unreduced = ExplorationOf(scenario, implementation, options).finding;
  if (unreduced.verdict == Verdict::kUnknown) return;
  const Finding reduced = ExplorationOf(scenario, implementation, In(memory)).finding;
  EXPECT_EQ(reduced.verdict, unreduced.verdict);
  EXPECT_EQ(reduced.reason, unreduced.reason);
  EXPECT_LE(reduced.states, unreduced.states);
  ++totals.compared;
  totals.states_reduced += reduced.states;
  totals.states_unreduced += unreduced.states;
  totals.steps_reduced += reduced.steps;
  totals.steps_unreduced += unreduced.steps;
}

class Reduction : public testing::TestWithParam<MemoryModel> {};

TEST_P(Reduction, ChangesNoVerdictAndSavesStates) {
  Totals totals;
  for (const scenario::CatalogueEntry& entry : scenario::Catalogue()) {
    const v1::Scenario scenario = ShortScenario(entry);
    if (scenario.cpu_count() != 2) continue;
    for (const core::Implementation& implementation : core::kImplementations) {
      Compare(scenario, implementation, GetParam(), totals);
    }
  }
  std::cout << MemoryModelName(GetParam()) << ": the reduction keeps all verdicts of " << totals.compared << " of "
            << totals.pairs << " pairs (the others have more than " << kMaxStates << " states without it); states "
            << totals.states_unreduced << " without, " << totals.states_reduced << " with it; steps "
            << totals.steps_unreduced << " without, " << totals.steps_reduced << " with it\n";
  EXPECT_GE(totals.compared, 900U);
  EXPECT_LT(totals.states_reduced * 2, totals.states_unreduced);
}

INSTANTIATE_TEST_SUITE_P(InBothMemoryModels, Reduction, testing::Values(MemoryModel::kSc, MemoryModel::kWeak),
                         [](const auto& instance) { return std::string(MemoryModelName(instance.param)); });

}  // namespace
}  // namespace crosscall::explore
