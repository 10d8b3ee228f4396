#include "controller/metrics/exposition.h"

#include <limits>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crosscall::metrics {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr Metric kPlain = catalogue::Gauge("plain", "1", {}, "A number.");
constexpr Metric kEach = catalogue::Counter("each_total", "1", {"number"}, "One each.");
constexpr Metric kSpans = catalogue::Histogram("spans", "seconds", {"name"}, "Spans.");

void WriteEach(Exposition& out, int count) {
  out.Write(kEach, [count](Family& family) {
    for (int i = 0; i < count; ++i) family.Add({std::to_string(i)}, i);
  });
}

prometheus::ClientMetric::Histogram ThreeBuckets() {
  prometheus::ClientMetric::Histogram histogram;
  histogram.sample_count = 3;
  histogram.bucket = {{1, 0.1}, {2, 0.2}, {3, std::numeric_limits<double>::infinity()}};
  return histogram;
}

TEST(ExpositionTest, AFamilyIsTextWithTheWordsOfTheCatalogue) {
  Exposition out(10);
  out.Write(kPlain, 3);
  WriteEach(out, 2);
  EXPECT_EQ(out.series(), 3U);
  EXPECT_EQ(out.dropped(), 0U);
  EXPECT_EQ(std::move(out).Text(),
            "# HELP plain A number.\n# TYPE plain gauge\nplain 3\n"
            "# HELP each_total One each.\n# TYPE each_total counter\n"
            "each_total{number=\"0\"} 0\neach_total{number=\"1\"} 1\n");
}

TEST(ExpositionTest, AMetricWithoutSeriesIsNotThere) {
  Exposition out(10);
  WriteEach(out, 0);
  EXPECT_EQ(std::move(out).Text(), "");
}

TEST(ExpositionTest, AHistogramIsItsBucketsItsSumAndItsCount) {
  Exposition out(10);
  out.Write(kSpans, [](Family& family) { family.Add({"x"}, ThreeBuckets()); });
  EXPECT_EQ(out.series(), 5U);
  EXPECT_THAT(std::move(out).Text(), HasSubstr("spans_bucket{name=\"x\",le=\"+Inf\"} 3\n"));
}

TEST(ExpositionTest, WhatIsBeyondTheLimitIsCountedAndLeftOut) {
  Exposition out(3);
  WriteEach(out, 5);
  out.Write(kPlain, 1);
  EXPECT_EQ(out.series(), 3U);
  EXPECT_EQ(out.dropped(), 3U);
  out.LiftLimit();
  out.Write(kSpans, [](Family& family) { family.Add({"x"}, ThreeBuckets()); });
  EXPECT_EQ(out.series(), 3U);
  const std::string text = std::move(out).Text();
  EXPECT_THAT(text, HasSubstr("each_total{number=\"2\"} 2\n"));
  EXPECT_THAT(text, Not(HasSubstr("number=\"3\"")));
  EXPECT_THAT(text, Not(HasSubstr("plain")));
  EXPECT_THAT(text, HasSubstr("spans_count{name=\"x\"} 3\n"));
}

TEST(ExpositionTest, AHistogramIsNeverCutInTwo) {
  Exposition out(4);
  out.Write(kSpans, [](Family& family) { family.Add({"x"}, ThreeBuckets()); });
  EXPECT_EQ(out.series(), 0U);
  EXPECT_EQ(out.dropped(), 5U);
}

TEST(ExpositionTest, AnEmptyLabelValueWouldBeNoLabel) {
  Exposition out(10);
  out.Write(kEach, [](Family& family) { family.Add({""}, 1); });
  EXPECT_THAT(std::move(out).Text(), HasSubstr("{number=\"unknown\"}"));
}

TEST(ExpositionDeathTest, AWrongNumberOfLabelsOrKindOfValueIsABug) {
  Exposition out(10);
  EXPECT_DEATH(out.Write(kEach, 1.0), "each_total");
  EXPECT_DEATH(out.Write(kSpans, [](Family& family) { family.Add({"x"}, 1.0); }), "plain value");
  EXPECT_DEATH(out.Write(kEach, [](Family& family) { family.Add({"x"}, ThreeBuckets()); }), "buckets");
}

}  // namespace
}  // namespace crosscall::metrics
