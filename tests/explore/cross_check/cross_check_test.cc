// The explorer against the real thing: every scenario of the catalogue that has two CPUs, on every implementation, by
// real threads and signals, held up where the explorer interleaves. No run may be one that the explorer excludes, and
// each deadlock that it finds must come true.
//
// Environment: CROSSCALL_CROSS_CHECK_RUNS, runs of each pair; CROSSCALL_CROSS_CHECK_STATES, where the explorer gives
// up; CROSSCALL_CROSS_CHECK_SEED, of the first run; to look at one pair, CROSSCALL_CROSS_CHECK_ONLY, a part of
// "scenario implementation".
#include <gtest/gtest.h>

#include <cstdlib>

#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "agent/explore/explore.h"
#include "agent/ports/board_cpus.h"
#include "agent/scenario/catalogue.h"
#include "agent/scenario/parse.h"
#include "tests/explore/cross_check/pair.h"

namespace crosscall::cross_check {
namespace {

constexpr std::uint32_t kCpus = 2;
// Most policies are never asked: then five implementations are one, run with five seeds.
constexpr std::uint64_t kShortRuns = 1;
// More than the rarest deadlock of the catalogue takes, by far.
constexpr std::uint64_t kMostRuns = 5000;
// Most pairs have fewer; those that have more are skipped.
constexpr std::uint64_t kShortStates = 5'000;

std::uint64_t FromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  if (text == nullptr) return otherwise;
  std::uint64_t value = 0;
  EXPECT_TRUE(absl::SimpleAtoi(text, &value) && value > 0) << name << "=" << text << ": a number above 0 is needed";
  return value;
}

std::vector<v1::Scenario> ScenariosOfTwoCpus() {
  std::vector<v1::Scenario> scenarios;
  for (const scenario::CatalogueEntry& entry : scenario::Catalogue()) {
    absl::StatusOr<v1::Scenario> parsed = scenario::ParseScenario(entry.yaml, entry.id);
    EXPECT_TRUE(parsed.ok()) << parsed.status();
    if (parsed.ok() && parsed->cpu_count() == kCpus) scenarios.push_back(*std::move(parsed));
  }
  return scenarios;
}

bool Wanted(const v1::Scenario& scenario, const core::Implementation& implementation) {
  const char* const only = std::getenv("CROSSCALL_CROSS_CHECK_ONLY");
  if (only == nullptr) return true;
  char name[core::kImplementationNameBytes];
  core::Format(implementation, name, sizeof name);
  return absl::StrContains(absl::StrCat(scenario.id(), " ", name), only);
}

void Print(const Tally& tally, absl::Duration exploring, absl::Duration running) {
  for (const std::string& text : tally.skipped) std::cout << "skipped: " << text << "\n";
  for (const std::string& text : tally.contradictions) std::cout << "CONTRADICTION " << text << "\n";
  for (const std::string& text : tally.never_reproduced) std::cout << "NEVER REPRODUCED " << text << "\n";
  std::cout << "pairs run:                     " << tally.pairs << " (" << tally.deadlock_pairs << " deadlocks), "
            << tally.skipped.size() << " skipped without a claim\n"
            << "runs:                          " << tally.runs << "\n"
            << "hung as predicted:             " << tally.hung_as_predicted << "\n"
            << "hung at other waits:           " << tally.hung_otherwise << "\n"
            << "ended as predicted:            " << tally.ended_as_predicted << "\n"
            << "ended where others hang:       " << tally.ended_despite_deadlock << "\n"
            << "most runs until a deadlock:    " << tally.most_runs_to_reproduce << "\n"
            << "contradictions:                " << tally.contradictions.size() << "\n"
            << "deadlocks never reproduced:    " << tally.never_reproduced.size() << "\n"
            << "time exploring, running:       " << exploring << ", " << running << "\n";
}

TEST(CrossCheck, NoRunContradictsTheExplorerAndEveryDeadlockComesTrue) {
  PairOptions options;
  options.board_cpus = ports::UsableBoardCpus();
  if (options.board_cpus.size() < kCpus) GTEST_SKIP() << "two usable processors are needed, there is one";
  options.board_cpus.resize(kCpus);
  options.runs = FromEnvironment("CROSSCALL_CROSS_CHECK_RUNS", kShortRuns);
  options.first_seed = FromEnvironment("CROSSCALL_CROSS_CHECK_SEED", 1);
  options.most_runs = kMostRuns;

  explore::PolicyMemo memo;
  explore::ExploreOptions explore_options;
  explore_options.memory = explore::MemoryModel::kWeak;
  explore_options.limits.max_states = FromEnvironment("CROSSCALL_CROSS_CHECK_STATES", kShortStates);
  explore_options.memo = &memo;
  Tally tally;
  absl::Duration exploring;
  absl::Duration running;
  for (const v1::Scenario& scenario : ScenariosOfTwoCpus()) {
    for (const core::Implementation& implementation : core::kImplementations) {
      if (!Wanted(scenario, implementation)) continue;
      const absl::Time start = absl::Now();
      const absl::StatusOr<explore::Exploration> exploration =
          explore::Explore(scenario, implementation, explore_options);
      ASSERT_TRUE(exploration.ok()) << exploration.status();
      const absl::Time explored = absl::Now();
      const absl::Status status = RunPair(scenario, *exploration, options, tally);
      ASSERT_TRUE(status.ok()) << status;
      exploring += explored - start;
      running += absl::Now() - explored;
    }
  }
  Print(tally, exploring, running);
  EXPECT_GT(tally.pairs, 0U);
  EXPECT_TRUE(tally.contradictions.empty());
  EXPECT_TRUE(tally.never_reproduced.empty());
}

}  // namespace
}  // namespace crosscall::cross_check
