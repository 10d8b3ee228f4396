#include "tests/explore/cross_check/pair.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/ports/board_cpus.h"
#include "agent/scenario/catalogue.h"
#include "agent/scenario/parse.h"

namespace crosscall::cross_check {
namespace {

using explore::Finding;
using explore::Verdict;

Finding Found(Verdict verdict, const char* reason = "") {
  Finding finding;
  finding.verdict = verdict;
  finding.reason = reason;
  return finding;
}
RunOutcome Ran(Ending ending, std::uint64_t refused = 0, std::uint64_t violations = 0) {
  RunOutcome outcome;
  outcome.ending = ending;
  outcome.refused = refused;
  outcome.violations = violations;
  return outcome;
}
bool Contradicts(const Finding& finding, const RunOutcome& outcome) { return !Contradiction(finding, outcome).empty(); }

TEST(Contradiction, WhatCompletesMustEnd) {
  EXPECT_FALSE(Contradicts(Found(Verdict::kCompletes), Ran(Ending::kEnded)));
  EXPECT_TRUE(Contradicts(Found(Verdict::kCompletes), Ran(Ending::kHung)));
  EXPECT_TRUE(Contradicts(Found(Verdict::kRefused), Ran(Ending::kHung)));
}

TEST(Contradiction, WhatDeadlocksMayEndOrHang) {
  EXPECT_FALSE(Contradicts(Found(Verdict::kDeadlock), Ran(Ending::kEnded)));
  EXPECT_FALSE(Contradicts(Found(Verdict::kDeadlock), Ran(Ending::kHung)));
}

TEST(Contradiction, RefusalsAreAsSaid) {
  EXPECT_TRUE(Contradicts(Found(Verdict::kCompletes), Ran(Ending::kEnded, 1)));
  EXPECT_FALSE(Contradicts(Found(Verdict::kCompletes, "calls are refused in some executions"), Ran(Ending::kEnded, 1)));
  EXPECT_TRUE(Contradicts(Found(Verdict::kRefused), Ran(Ending::kEnded, 0)));
  EXPECT_FALSE(Contradicts(Found(Verdict::kRefused), Ran(Ending::kEnded, 2)));
}

TEST(Contradiction, NobodyPredictsViolationsAndDeaths) {
  for (const Verdict verdict : {Verdict::kCompletes, Verdict::kRefused, Verdict::kDeadlock}) {
    EXPECT_TRUE(Contradicts(Found(verdict), Ran(Ending::kEnded, verdict == Verdict::kRefused ? 1 : 0, 1)));
    EXPECT_TRUE(Contradicts(Found(verdict), Ran(Ending::kDied)));
    EXPECT_TRUE(Contradicts(Found(verdict), Ran(Ending::kUnclear)));
  }
}

TEST(HungAsTold, WhoWaitsDoesSoAtTheSameSite) {
  explore::Trace trace;
  trace.waits = {{.cpu = 0, .waits_for = "completion of call to CPU 1"},
                 {.cpu = 1, .waits_for = "lock L held by CPU 0"}};
  RunOutcome outcome = Ran(Ending::kHung);
  outcome.waits = {{0, core::Site::kCompletion}, {1, core::Site::kLock}};
  EXPECT_TRUE(HungAsTold(trace, outcome));
  outcome.waits.pop_back();  // CPU 1 has ended
  EXPECT_TRUE(HungAsTold(trace, outcome));
  outcome.waits.push_back({1, core::Site::kOwn});
  EXPECT_FALSE(HungAsTold(trace, outcome));
  outcome.waits.clear();
  EXPECT_FALSE(HungAsTold(trace, outcome));
  EXPECT_FALSE(HungAsTold(explore::Trace(), Ran(Ending::kEnded)));
}

// Runs by a verdict that nobody found.
class FalseVerdict : public testing::Test {
 protected:
  void SetUp() override {
    options_.board_cpus = ports::UsableBoardCpus();
    if (options_.board_cpus.size() < 2) GTEST_SKIP() << "two usable processors are needed, there is one";
    options_.board_cpus.resize(2);
    options_.runs = 2;
    options_.most_runs = 3;
  }

  void Run(const char* scenario, Verdict verdict) {
    const auto entry = scenario::FindScenario(scenario);
    ASSERT_TRUE(entry.ok()) << entry.status();
    const auto parsed = scenario::ParseScenario((*entry)->yaml, scenario);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    explore::Exploration exploration;
    exploration.implementation.algorithm = core::AlgorithmKind::kPerTarget;
    exploration.finding = Found(verdict);
    const absl::Status status = RunPair(*parsed, exploration, options_, tally_);
    ASSERT_TRUE(status.ok()) << status;
  }

  PairOptions options_;
  Tally tally_;
};

TEST_F(FalseVerdict, OfCompletingIsContradictedByAHang) {
  Run("lost-ipi", Verdict::kCompletes);
  ASSERT_EQ(tally_.contradictions.size(), 1U);
  EXPECT_THAT(tally_.contradictions[0],
              testing::AllOf(testing::HasSubstr("lost-ipi per_target/spin/mask_all seed 1: the run hung"),
                             testing::HasSubstr("the explorer: completes"), testing::HasSubstr("lost"),
                             testing::HasSubstr("site completion"), testing::HasSubstr("CPU 1")));
}

TEST_F(FalseVerdict, OfADeadlockNeverComesTrue) {
  Run("ping-pong", Verdict::kDeadlock);
  EXPECT_EQ(tally_.runs, 3U);
  EXPECT_THAT(tally_.contradictions, testing::IsEmpty());
  ASSERT_EQ(tally_.never_reproduced.size(), 1U);
  EXPECT_THAT(tally_.never_reproduced[0], testing::HasSubstr("ping-pong per_target/spin/mask_all: never in 3 runs"));
}

TEST_F(FalseVerdict, OfRefusalIsContradictedByAcceptedCalls) {
  Run("ping-pong", Verdict::kRefused);
  ASSERT_EQ(tally_.contradictions.size(), 1U);
  EXPECT_THAT(tally_.contradictions[0], testing::HasSubstr("no call was refused"));
}

TEST_F(FalseVerdict, UnknownIsNotRun) {
  Run("ping-pong", Verdict::kUnknown);
  EXPECT_EQ(tally_.runs, 0U);
  EXPECT_EQ(tally_.skipped.size(), 1U);
}

}  // namespace
}  // namespace crosscall::cross_check
