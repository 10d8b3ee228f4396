// Sweeps with a time budget: what is measured by its end, what is left, and how that is continued (rule S13 of the
// fleet reference).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/controller/dispatch/rig.h"

namespace crosscall::dispatch {
namespace {

using ::testing::HasSubstr;

constexpr std::uint32_t kCpus = 16;
constexpr std::uint64_t kPairs = kCpus * (kCpus - 1);

class BudgetTest : public ::testing::Test {
 protected:
  BudgetTest() : agent_(rig_, "boards/a", kCpus) {
    agent_.Call();
    agent_.Obey();
  }

  // All pairs of the board's CPUs, once.
  static v1::CreateSweepRequest AllPairs(absl::Duration budget) {
    v1::CreateSweepRequest request = PairSweep(1);
    request.mutable_spec()->set_all_cpu_pairs(true);
    request.mutable_spec()->mutable_time_budget()->set_seconds(absl::ToInt64Seconds(budget));
    return request;
  }
  // Trials of a second each, until the board gets no more. How many there were.
  std::uint64_t Work() {
    std::uint64_t trials = 0;
    while (agent_.GetLease()) {
      rig_.Advance(absl::Seconds(1));
      agent_.Finish(v1::OUTCOME_COMPLETED);
      agent_.UploadAll();
      ++trials;
    }
    return trials;
  }
  using Pair = std::pair<std::uint32_t, std::uint32_t>;
  std::set<Pair> Measured(const std::string& sweep) {
    std::set<Pair> pairs;
    for (const v1::Result& result : rig_.Results(sweep)) {
      if (!result.has_payload()) continue;
      const auto& cpus = result.trial().spec().cpus();
      EXPECT_TRUE(pairs.emplace(cpus.Get(0), cpus.Get(1)).second) << "measured twice";
    }
    return pairs;
  }
  absl::StatusOr<v1::Sweep> Continue(const std::string& sweep, absl::Duration budget = absl::ZeroDuration()) {
    v1::CreateSweepRequest request = AllPairs(budget);
    if (budget == absl::ZeroDuration()) request.mutable_spec()->clear_time_budget();
    request.mutable_spec()->set_continued_sweep(sweep);
    return rig_.Create(request);
  }

  Rig rig_;
  FakeAgent agent_;
};

TEST_F(BudgetTest, ATenthOfTheTimeGivesAUsableMatrixAndTheRestIsResumable) {
  const absl::Duration budget = absl::Seconds(kPairs / 10);
  ASSERT_TRUE(rig_.Create(AllPairs(budget)).ok());
  const std::uint64_t worked = Work();
  EXPECT_EQ(worked, kPairs / 10);
  const v1::Sweep first = rig_.Sweep("sweeps/s1");
  EXPECT_EQ(first.state(), v1::Sweep::STATE_SUCCEEDED);
  EXPECT_EQ(first.progress().left_count(), kPairs - worked);
  EXPECT_EQ(first.progress().cancelled_count(), kPairs - worked);
  EXPECT_EQ(first.coverage(), 1);
  EXPECT_THAT(first.state_reason(), HasSubstr("time budget of 24s is used up"));
  const std::set<Pair> sampled = Measured("sweeps/s1");
  std::set<std::uint32_t> from;
  std::set<std::uint32_t> to;
  for (const auto& [source, target] : sampled) {
    from.insert(source);
    to.insert(target);
  }
  EXPECT_EQ(from.size(), kCpus) << "each row of the matrix has a number";
  EXPECT_EQ(to.size(), kCpus) << "and each column";

  const absl::StatusOr<v1::Sweep> second = Continue("sweeps/s1", budget);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->progress().total_count(), kPairs - worked);
  EXPECT_EQ(Work(), kPairs / 10);
  const absl::StatusOr<v1::Sweep> third = Continue("sweeps/s2");
  ASSERT_TRUE(third.ok()) << third.status();
  Work();
  EXPECT_EQ(rig_.Sweep("sweeps/s3").progress().left_count(), 0u);
  std::set<Pair> all = sampled;
  for (const char* sweep : {"sweeps/s2", "sweeps/s3"}) {
    for (const Pair& pair : Measured(sweep)) EXPECT_TRUE(all.insert(pair).second) << "measured before";
  }
  EXPECT_EQ(all.size(), kPairs);
}

TEST_F(BudgetTest, WhatIsLeftIsMarkedAndWhatRunsGoesOn) {
  ASSERT_TRUE(rig_.Create(AllPairs(absl::Seconds(10))).ok());
  ASSERT_TRUE(agent_.GetLease());
  rig_.Advance(absl::Seconds(11));
  EXPECT_EQ(rig_.Sweep("sweeps/s1").state(), v1::Sweep::STATE_RUNNING);
  EXPECT_EQ(rig_.Sweep("sweeps/s1").progress().left_count(), kPairs - 1);
  agent_.Finish(v1::OUTCOME_COMPLETED);
  agent_.UploadAll();
  EXPECT_EQ(rig_.Sweep("sweeps/s1").state(), v1::Sweep::STATE_SUCCEEDED);
  for (const v1::Trial& trial : rig_.Trials("sweeps/s1")) {
    if (trial.state() == v1::Trial::STATE_FINISHED) continue;
    EXPECT_EQ(trial.state(), v1::Trial::STATE_EXPIRED);
    EXPECT_THAT(trial.state_reason(), HasSubstr("left: the sweep's time budget was used up"));
  }
}

TEST_F(BudgetTest, WaitingForABoardIsNotPaidFromIt) {
  ASSERT_TRUE(rig_.Create(AllPairs(absl::Seconds(10))).ok());
  rig_.Advance(absl::Hours(1));
  EXPECT_EQ(rig_.Sweep("sweeps/s1").progress().left_count(), 0u);
  EXPECT_EQ(Work(), 10u);
}

TEST_F(BudgetTest, ARestartKeepsIt) {
  ASSERT_TRUE(rig_.Create(AllPairs(absl::Seconds(10))).ok());
  ASSERT_TRUE(agent_.GetLease());
  rig_.Restart(absl::Seconds(8));
  rig_.Advance(absl::Seconds(1));
  EXPECT_EQ(rig_.Sweep("sweeps/s1").progress().left_count(), 0u);
  rig_.Advance(absl::Seconds(2));
  EXPECT_EQ(rig_.Sweep("sweeps/s1").progress().left_count(), kPairs - 1);
}

TEST_F(BudgetTest, ARetryIsLeftToo) {
  ASSERT_TRUE(rig_.Create(AllPairs(absl::Seconds(10))).ok());
  ASSERT_TRUE(agent_.GetLease());
  rig_.Advance(absl::Seconds(11));
  agent_.Finish(v1::OUTCOME_INVALID);
  agent_.UploadAll();
  const v1::Sweep sweep = rig_.Sweep("sweeps/s1");
  EXPECT_EQ(sweep.progress().left_count(), kPairs);
  EXPECT_EQ(sweep.state(), v1::Sweep::STATE_FAILED) << "nothing was measured";
  EXPECT_EQ(Continue("sweeps/s1")->progress().total_count(), kPairs);
}

TEST_F(BudgetTest, OnlyWhatHasEndedAndLeftSomethingIsContinued) {
  ASSERT_TRUE(rig_.Create(AllPairs(absl::Hours(1))).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(Continue("sweeps/s1").status()));
  EXPECT_TRUE(absl::IsNotFound(Continue("sweeps/none").status()));
  EXPECT_EQ(Work(), kPairs);
  const absl::Status nothing = Continue("sweeps/s1").status();
  EXPECT_TRUE(absl::IsFailedPrecondition(nothing));
  EXPECT_THAT(nothing.message(), HasSubstr("has left nothing"));
}

}  // namespace
}  // namespace crosscall::dispatch
