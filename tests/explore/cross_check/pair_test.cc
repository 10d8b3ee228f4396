#include "tests/explore/cross_check/pair.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace crosscall::cross_check
