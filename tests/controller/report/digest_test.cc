#include "controller/report/digest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "proto/shared/histogram.h"
#include "proto/shared/histogram_proto.h"
#include "tests/controller/report/sample_trials.h"

namespace crosscall::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Digest DigestOf(const SampleSweep& sample) {
  Digest digest(sample.sweep);
  for (const v1::Trial& trial : sample.trials) digest.AddTrial(trial);
  for (const v1::Result& result : sample.results) {
    const absl::Status status = digest.AddResult(result);
    EXPECT_TRUE(status.ok()) << status;
  }
  return digest;
}

const PointDigest& OnlyPoint(const Digest& digest) {
  EXPECT_EQ(digest.points().size(), 1U);
  return digest.points().begin()->second;
}

std::string FindingsOf(const Digest& digest) {
  shared::Json json;
  json.BeginObject();
  digest.findings().Write(json);
  return json.EndObject().Take();
}

TEST(DistributionTest, MergesAndRanksAsTheFullHistogramDoes) {
  std::mt19937_64 random(7);
  std::uniform_int_distribution<int> shift(0, 60);
  shared::Histogram all;
  Distribution merged;
  for (int part = 0; part < 5; ++part) {
    shared::Histogram histogram;
    for (int i = 0; i < 300; ++i) histogram.Record(random() >> shift(random));
    all.Merge(histogram);
    const absl::StatusOr<Distribution> distribution = Distribution::Of(shared::ToProto(histogram));
    ASSERT_TRUE(distribution.ok());
    merged.Merge(*distribution);
  }
  EXPECT_EQ(merged.count(), all.count());
  EXPECT_EQ(merged.min(), all.min());
  EXPECT_EQ(merged.max(), all.max());
  EXPECT_EQ(merged.mean(), all.mean());
  for (int i = 0; i <= 1000; ++i) EXPECT_EQ(merged.Quantile(i / 1000.0), all.Quantile(i / 1000.0)) << i;
  std::uint64_t counted = 0;
  for (const auto& [bin, count] : merged.Coarse(8)) counted += count;
  EXPECT_EQ(counted, all.count());
}

TEST(DistributionTest, DamageIsNoNumber) {
  v1::Histogram proto;
  proto.set_layout(9);
  EXPECT_EQ(Distribution::Of(proto).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(DigestTest, RepetitionsMergeAndKeepTheirSpread) {
  SampleMaker maker("s");
  for (const double median : {1000, 4000, 2000}) {
    maker.Measure(maker.Add("b", "ping-pong", "a/b/c", v1::OUTCOME_COMPLETED), median, 2, 100);
  }
  const Digest digest = DigestOf(maker.Take(v1::Sweep::STATE_SUCCEEDED));
  const PointDigest& point = OnlyPoint(digest);
  EXPECT_EQ(point.standing.completed, 3U);
  EXPECT_EQ(point.repetitions, 3U);
  EXPECT_EQ(point.latency.count(), 300U);
  EXPECT_NEAR(static_cast<double>(point.p50.low), 1000, 150);
  EXPECT_NEAR(static_cast<double>(point.p50.high), 4000, 600);
  EXPECT_EQ(point.interrupts.expected, 3U * 98);
  EXPECT_EQ(point.cpu_count, 2U);
}

TEST(DigestTest, WhatHungOrWasInvalidHasNoLatency) {
  SampleMaker maker("s");
  v1::Result& hung = maker.Add("b", "ping-pong", "a/b/c", v1::OUTCOME_HUNG);
  maker.Measure(hung, 1000, 2);
  SampleMaker::Hang(hung, true);
  v1::Result& invalid = maker.Add("b", "ping-pong", "a/b/c", v1::OUTCOME_INVALID);
  maker.Measure(invalid, 10, 2);
  maker.Fail(invalid, "0 of 98 interrupts seen");
  const Digest digest = DigestOf(maker.Take(v1::Sweep::STATE_FAILED));
  const PointDigest& point = OnlyPoint(digest);
  EXPECT_EQ(point.standing.hung, 1U);
  EXPECT_EQ(point.standing.failed, 1U);
  EXPECT_EQ(point.latency.count(), 0U);
  EXPECT_TRUE(digest.series().empty());
  EXPECT_THAT(FindingsOf(digest), HasSubstr("\"outcome\":\"invalid\",\"reason\":\"0 of 98 interrupts seen\""));
}

TEST(DigestTest, AnAttemptThatWasRepeatedIsSaidAndNotCounted) {
  SampleMaker maker("s");
  v1::Result& result = maker.Add("b", "ping-pong", "a/b/c", v1::OUTCOME_COMPLETED);
  maker.Measure(result, 1000, 2, 100);
  const v1::Result last = result;
  maker.AddEarlierAttempt(last, v1::OUTCOME_INVALID, "steal");
  SampleSweep sample = maker.Take(v1::Sweep::STATE_SUCCEEDED);
  v1::Result late = sample.results.front();
  late.set_evidence(true);
  sample.results.push_back(late);
  const Digest digest = DigestOf(sample);
  EXPECT_EQ(OnlyPoint(digest).latency.count(), 100U);
  EXPECT_THAT(OnlyPoint(digest).notes, ElementsAre("repeated after invalid: steal"));
  EXPECT_THAT(FindingsOf(digest), HasSubstr("\"decides\":false"));
}

TEST(DigestTest, HangsOfOneKindAreOneFinding) {
  SampleMaker maker("s");
  for (const char* board : {"b1", "b2", "b1"}) {
    SampleMaker::Hang(maker.Add(board, "mutual-masked", "a/b/c", v1::OUTCOME_HUNG), true);
  }
  SampleMaker::Hang(maker.Add("b1", "mutual-masked", "a/b/c", v1::OUTCOME_HUNG), false);
  const std::string findings = FindingsOf(DigestOf(maker.Take(v1::Sweep::STATE_SUCCEEDED)));
  EXPECT_THAT(findings, HasSubstr("\"class\":\"masked target\""));
  EXPECT_THAT(findings, HasSubstr("\"count\":3,\"boards\":[\"b1\",\"b2\"],\"cycle\":[0,1]"));
  EXPECT_THAT(findings, HasSubstr("\"class\":\"lost IPI\""));
  EXPECT_THAT(findings, HasSubstr("\"count\":1,\"boards\":[\"b1\"],\"cycle\":[]"));
}

TEST(DigestTest, RetentionIsSaid) {
  SampleMaker maker("s");
  v1::Result& result = maker.Add("b", "ping-pong", "a/b/c", v1::OUTCOME_COMPLETED);
  result.mutable_removal()->mutable_time()->set_seconds(1'800'000'000);
  result.mutable_removal()->set_p99_nanos(777);
  const Digest digest = DigestOf(maker.Take(v1::Sweep::STATE_SUCCEEDED));
  EXPECT_THAT(OnlyPoint(digest).notes, ElementsAre("histograms removed by retention on 2027-01-15 08:00:00Z"));
  EXPECT_EQ(OnlyPoint(digest).removal.p99_nanos(), 777U);
}

Distribution One(std::uint64_t nanos) {
  shared::Histogram histogram;
  histogram.Record(nanos);
  return *Distribution::Of(shared::ToProto(histogram));
}

TEST(HeatMapTest, StandsByNodeThenNumber) {
  PairDistributions pairs;
  pairs[{0, 3}] = One(10);
  pairs[{2, 1}] = One(20);
  const HeatMap map = MakeHeatMap(pairs, {{0, 1}, {3, 0}, {2, 0}, {1, 1}});
  std::vector<std::string> order;
  for (const HeatMap::Row& row : map.rows) order.push_back(row.label);
  EXPECT_THAT(order, ElementsAre("2", "3", "0", "1"));
  EXPECT_EQ(map.block, 1U);
  EXPECT_EQ(map.p50[2 * 4 + 1], 10U);
  EXPECT_EQ(map.p50[0 * 4 + 3], 20U);
  EXPECT_FALSE(map.p50[0].has_value());
}

TEST(HeatMapTest, PutsCpusTogetherAndShowsTheSlowestButNeverAcrossNodes) {
  PairDistributions pairs;
  CpuNodes nodes;
  for (std::uint32_t cpu = 0; cpu < 10; ++cpu) {
    nodes[cpu] = cpu < 5 ? 0 : 1;
    pairs[{cpu, (cpu + 1) % 10}] = One(100 + cpu);
  }
  const HeatMap map = MakeHeatMap(pairs, nodes, 4);
  std::vector<std::string> labels;
  for (const HeatMap::Row& row : map.rows) labels.push_back(row.label);
  EXPECT_EQ(map.block, 3U);
  EXPECT_THAT(labels, ElementsAre("0-2", "3-4", "5-7", "8-9"));
  // 0 calls 1, 1 calls 2: the slower one is shown.
  EXPECT_EQ(map.p50[0], 101U);
  EXPECT_EQ(map.p99[3 * 4 + 0], 109U);
}

}  // namespace
}  // namespace crosscall::report
