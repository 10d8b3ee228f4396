#include "controller/metrics/family.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crosscall::metrics {
namespace {

using ::testing::SizeIs;

prometheus::MetricFamily Gauges(const char* name, int count) {
  Family family = Family::Gauge(name, "help");
  for (int i = 0; i < count; ++i) family.Add({{"number", std::to_string(i)}}, i);
  return std::move(family).Take();
}

prometheus::MetricFamily OneHistogram() {
  Family family = Family::Histogram("h", "help");
  prometheus::ClientMetric::Histogram histogram;
  histogram.bucket = {{1, 0.1}, {2, 0.2}, {3, 0.3}};
  family.Add({}, std::move(histogram));
  return std::move(family).Take();
}

TEST(FamilyTest, AHistogramIsItsBucketsItsSumAndItsCount) {
  EXPECT_EQ(SeriesCount({Gauges("a", 3), OneHistogram()}), 3U + 5U);
}

TEST(FamilyTest, WithinTheLimitNothingIsLost) {
  std::vector<prometheus::MetricFamily> families = {Gauges("a", 3), Gauges("b", 3)};
  EXPECT_EQ(LimitSeries(families, 6), 0U);
  EXPECT_EQ(SeriesCount(families), 6U);
}

TEST(FamilyTest, TheLastOnesGoFirstAndEmptyFamiliesWithThem) {
  std::vector<prometheus::MetricFamily> families = {Gauges("a", 3), Gauges("b", 3), OneHistogram()};
  EXPECT_EQ(LimitSeries(families, 5), 6U);
  ASSERT_THAT(families, SizeIs(2));
  EXPECT_THAT(families[0].metric, SizeIs(3));
  EXPECT_THAT(families[1].metric, SizeIs(2));
  EXPECT_EQ(families[1].metric[1].label[0].value, "1");
}

TEST(FamilyTest, AHistogramIsNeverCutInTwo) {
  std::vector<prometheus::MetricFamily> families = {Gauges("a", 1), OneHistogram()};
  EXPECT_EQ(LimitSeries(families, 4), 5U);
  EXPECT_EQ(SeriesCount(families), 1U);
}

TEST(FamilyDeathTest, AValueOfTheWrongTypeIsABug) {
  EXPECT_DEATH(Family::Histogram("h", "help").Add({}, 1.0), "check failed");
}

}  // namespace
}  // namespace crosscall::metrics
