// What becomes too old goes, a little at a time, counted and said; nothing else does.
#include "controller/dispatch/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/store/maintenance.h"
#include "tests/controller/dispatch/rig.h"

namespace crosscall::dispatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr absl::Duration kDay = absl::Hours(24);

Settings Keeping(absl::Duration evidence, absl::Duration events, absl::Duration histograms) {
  Settings settings;
  settings.keep_evidence = evidence;
  settings.keep_events = events;
  settings.keep_histograms = histograms;
  settings.default_sweep_deadline = 1000 * kDay;
  return settings;
}

constexpr absl::Duration kForEver = absl::InfiniteDuration();

void AddHistogram(v1::Histogram& histogram) {
  histogram.set_layout(1);
  histogram.set_count(3);
  histogram.set_min_nanos(10);
  histogram.set_max_nanos(20);
  histogram.set_sum_nanos_low(50);
  histogram.add_index_deltas(10);
  histogram.add_bucket_counts(1);
  histogram.add_index_deltas(10);
  histogram.add_bucket_counts(2);
}

v1::TrialResult Measured() {
  v1::TrialResult result;
  result.set_outcome(v1::OUTCOME_COMPLETED);
  result.set_calls(3);
  AddHistogram(*result.mutable_latency());
  AddHistogram(*result.add_stages()->mutable_histogram());
  AddHistogram(*result.add_pairs()->mutable_histogram());
  v1::RouteCount& route = *result.add_routes();
  route.set_route("ipi");
  route.set_count(3);
  AddHistogram(*route.mutable_histogram());
  result.mutable_environment()->set_kernel("6.1");
  return result;
}

class RetentionTest : public ::testing::Test {
 protected:
  void Start(const Settings& settings) {
    rig_.emplace(settings);
    agent_.emplace(*rig_, "boards/a");
    agent_->Call();
    agent_->Obey();
  }
  // A sweep of that many trials, each with histograms.
  void RunSweep(std::uint32_t trials) {
    rig_->Create(trials);
    for (std::uint32_t i = 0; i < trials; ++i) {
      ASSERT_TRUE(agent_->GetLease());
      agent_->spool[agent_->Finish(v1::OUTCOME_COMPLETED)] = Measured().SerializeAsString();
      agent_->UploadAll();
    }
  }
  // The first attempt is lost, its result comes all the same.
  void RunWithEvidence() {
    rig_->Create(1);
    ASSERT_TRUE(agent_->GetLease());
    agent_->Call();
    rig_->Advance(absl::Seconds(300));
    const auto late = agent_->Finish(v1::OUTCOME_COMPLETED, "late");
    ASSERT_TRUE(agent_->Upload(late, Measured().SerializeAsString()).ok());
    agent_->spool.clear();
    agent_->RunOne();
  }
  std::size_t CountReduced(const std::string& sweep) {
    std::size_t reduced = 0;
    for (const v1::Result& result : rig_->Results(sweep, true)) reduced += result.has_removal() ? 1 : 0;
    return reduced;
  }
  void ExpectWhole() const {
    const absl::StatusOr<store::CheckReport> report = store::CheckFolder(rig_->folder());
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_THAT(report->problems, IsEmpty());
  }

  std::optional<Rig> rig_;
  std::optional<FakeAgent> agent_;
};

TEST_F(RetentionTest, WithoutASpanNothingIsEverRemoved) {
  Start(Keeping(kForEver, kForEver, kForEver));
  RunWithEvidence();
  RunSweep(2);
  rig_->Advance(400 * kDay);
  agent_->Call();
  EXPECT_EQ(CountReduced("sweeps/s1") + CountReduced("sweeps/s2"), 0u);
  EXPECT_THAT(rig_->snapshot()->removals, IsEmpty());
  ExpectWhole();
}

TEST_F(RetentionTest, ResultsLoseTheirHistogramsAndKeepTheRest) {
  Start(Keeping(kForEver, kForEver, 30 * kDay));
  RunSweep(1);
  rig_->Advance(30 * kDay - absl::Minutes(11));
  EXPECT_EQ(CountReduced("sweeps/s1"), 0u);
  rig_->Advance(absl::Minutes(22));
  const v1::Result result = rig_->Results("sweeps/s1").at(0);
  ASSERT_TRUE(result.has_removal());
  EXPECT_FALSE(result.removal().whole());
  EXPECT_EQ(result.removal().max_nanos(), 20u);
  EXPECT_EQ(result.removal().p50_nanos(), 20u);
  EXPECT_LE(absl::AbsDuration(shared::TimeOf(result.removal().time()) - rig_->clock().Wall()), absl::Minutes(11));
  v1::TrialResult expected = Measured();
  EXPECT_TRUE(RemoveHistograms(expected));
  EXPECT_EQ(result.payload().DebugString(), expected.DebugString());
  EXPECT_EQ(result.payload().routes(0).count(), 3u);
  EXPECT_EQ(result.payload().environment().kernel(), "6.1");
  EXPECT_FALSE(result.payload().has_latency());
  // What one attempt shows is what lists show.
  EXPECT_EQ(rig_->store().GetResult(result.name())->result().DebugString(), result.DebugString());
  EXPECT_THAT(rig_->snapshot()->removals, ElementsAre(Pair("histograms", 1u)));
  ExpectWhole();
}

TEST_F(RetentionTest, EvidenceGoesWholeAndSaysSo) {
  Start(Keeping(7 * kDay, kForEver, kForEver));
  RunWithEvidence();
  rig_->Advance(8 * kDay);
  const std::vector<v1::Result> results = rig_->Results("sweeps/s1", true);
  ASSERT_EQ(results.size(), 3u);
  EXPECT_TRUE(results[1].evidence());
  EXPECT_FALSE(results[1].has_payload());
  EXPECT_TRUE(results[1].removal().whole());
  EXPECT_FALSE(results[2].has_removal());
  EXPECT_TRUE(results[2].has_payload());
  EXPECT_THAT(rig_->snapshot()->removals, ElementsAre(Pair("evidence", 1u)));
  ExpectWhole();
}

TEST_F(RetentionTest, EventsGoByAgeAndWhatWentIsAnEvent) {
  Start(Keeping(kForEver, 7 * kDay, kForEver));
  RunSweep(1);
  ASSERT_THAT(rig_->store().BoardEvents("boards/a", 10)->size(), ::testing::Ge(1u));
  rig_->Advance(6 * kDay);
  const std::size_t before = rig_->store().BoardEvents("boards/a", 100)->size();
  rig_->Advance(2 * kDay);
  EXPECT_LT(rig_->store().BoardEvents("boards/a", 100)->size(), before);
  EXPECT_GT(rig_->snapshot()->removals.at("events"), 0u);
  const auto events = rig_->store().BoardEvents("controller", 10);
  ASSERT_TRUE(events.ok());
  ASSERT_FALSE(events->empty());
  EXPECT_EQ(events->front().kind(), "retention");
  EXPECT_THAT(events->front().detail(), HasSubstr("events "));
  ExpectWhole();
}

TEST_F(RetentionTest, MuchGoesInSmallBatchesAndWorkGoesOnBetweenThem) {
  Start(Keeping(kForEver, kForEver, kDay));
  const std::uint32_t trials = 3 * Retention::kPayloads;
  RunSweep(trials);
  rig_->Advance(kDay - absl::Hours(1));
  // All at once are too old, as after a stop of a day.
  rig_->Restart(2 * kDay);
  EXPECT_EQ(CountReduced("sweeps/s1"), 0u);
  std::size_t batches = 0;
  std::size_t reduced = 0;
  while (reduced < trials) {
    ASSERT_TRUE(rig_->engine().NextDeadline());
    rig_->clock().Set(std::max(rig_->clock().Monotonic(), *rig_->engine().NextDeadline()));
    ASSERT_TRUE(rig_->Run(std::vector<Engine::Event>()).ok());
    const std::size_t now = CountReduced("sweeps/s1");
    EXPECT_LE(now - reduced, static_cast<std::size_t>(Retention::kPayloads));
    reduced = now;
    ASSERT_LT(++batches, 100u);
    if (batches == 1) {
      agent_->Restarted();
      agent_->Call();
      EXPECT_TRUE(agent_->answered());
    }
  }
  EXPECT_THAT(rig_->snapshot()->removals, ElementsAre(Pair("histograms", trials)));
  ExpectWhole();
}

TEST_F(RetentionTest, CountsSurviveARestartAndNothingIsTakenTwice) {
  Start(Keeping(7 * kDay, kForEver, 7 * kDay));
  RunWithEvidence();
  RunSweep(2);
  rig_->Advance(8 * kDay);
  for (int round = 0; round < 2; ++round) {
    // The result of RunWithEvidence that counts has no histogram: nothing was taken from it.
    EXPECT_THAT(rig_->snapshot()->removals, ElementsAre(Pair("evidence", 1u), Pair("histograms", 2u)));
    EXPECT_EQ(CountReduced("sweeps/s1"), 1u);
    EXPECT_EQ(CountReduced("sweeps/s2"), 2u);
    ExpectWhole();
    rig_->Restart();
    rig_->Advance(absl::Hours(1));
  }
}

TEST_F(RetentionTest, AFailedCommitTakesNothingAndCountsNothing) {
  Start(Keeping(kForEver, kForEver, kDay));
  RunSweep(1);
  rig_->Advance(kDay - absl::Hours(1));
  rig_->fault = absl::UnavailableError("disk");
  rig_->Advance(absl::Hours(2));
  rig_->fault = absl::OkStatus();
  EXPECT_EQ(CountReduced("sweeps/s1"), 0u);
  rig_->Advance(kDay);
  EXPECT_EQ(CountReduced("sweeps/s1"), 1u);
  EXPECT_THAT(rig_->snapshot()->removals, ElementsAre(Pair("histograms", 1u)));
  ExpectWhole();
}

TEST_F(RetentionTest, AWallClockSetForwardMakesNothingOld) {
  Start(Keeping(kDay, kDay, kDay));
  RunWithEvidence();
  RunSweep(1);
  rig_->clock().SetWall(rig_->clock().Wall() + 1000 * kDay);
  rig_->Advance(absl::Hours(1));
  EXPECT_EQ(CountReduced("sweeps/s1") + CountReduced("sweeps/s2"), 0u);
  EXPECT_THAT(rig_->snapshot()->removals, IsEmpty());
}

TEST_F(RetentionTest, APayloadThatWouldNotShrinkIsLeftAlone) {
  Start(Keeping(kForEver, kForEver, kDay));
  rig_->Create(1);
  ASSERT_TRUE(agent_->GetLease());
  const auto key = agent_->Finish(v1::OUTCOME_COMPLETED);
  // An empty histogram, and two lists of one element in the form that parsers take too: written again they are longer.
  v1::TrialResult result;
  result.set_outcome(v1::OUTCOME_COMPLETED);
  result.set_calls(1);
  std::string payload = result.SerializeAsString();
  payload += std::string("\x52\x02\x1a\x00", 4);      // routes: histogram
  payload += std::string("\x72\x03\x90\x01\x01", 5);  // environment: board_cpus
  payload += std::string("\x7a\x02\x28\x01", 4);      // hang: cycle
  agent_->spool[key] = payload;
  agent_->UploadAll();
  ASSERT_THAT(agent_->spool, IsEmpty());
  rig_->Advance(2 * kDay);
  const auto kept = rig_->store().GetResult("sweeps/s1/trials/t000000/attempts/1");
  ASSERT_TRUE(kept.ok()) << kept.status();
  EXPECT_FALSE(kept->result().has_removal());
  EXPECT_TRUE(kept->result().payload().routes(0).has_histogram());
  EXPECT_TRUE(rig_->store().FindOldPayloads(false, rig_->clock().Wall(), 10)->empty());
  ExpectWhole();
}

TEST(RemoveHistogramsTest, WhatHasNoneIsNotTouched) {
  v1::TrialResult result;
  result.set_outcome(v1::OUTCOME_HUNG);
  result.mutable_hang()->set_summary("0 waits for 1");
  const std::string before = result.SerializeAsString();
  EXPECT_FALSE(RemoveHistograms(result));
  EXPECT_EQ(result.SerializeAsString(), before);
}

}  // namespace
}  // namespace crosscall::dispatch
