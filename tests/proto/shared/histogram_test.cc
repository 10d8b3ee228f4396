#include "proto/shared/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace crosscall::shared {
namespace {

// Values over the whole range, dense where buckets change width.
std::vector<std::uint64_t> InterestingValues() {
  std::vector<std::uint64_t> values = {0, 1, 127, 128, 255, 256, 257, ~std::uint64_t{0}, ~std::uint64_t{0} - 1};
  for (unsigned bit = 8; bit < 64; ++bit) {
    const std::uint64_t power = std::uint64_t{1} << bit;
    for (const std::uint64_t near : {power - 1, power, power + 1, power + power / 3}) values.push_back(near);
  }
  return values;
}

TEST(HistogramTest, EveryValueLiesInsideItsBucket) {
  for (const std::uint64_t value : InterestingValues()) {
    const std::size_t index = Histogram::IndexOf(value);
    ASSERT_LT(index, Histogram::kBuckets) << value;
    EXPECT_LE(Histogram::LowerBound(index), value);
    EXPECT_GE(Histogram::UpperBound(index), value);
  }
}

TEST(HistogramTest, BucketsCoverTheRangeWithoutGapOrOverlap) {
  for (std::size_t i = 0; i + 1 < Histogram::kBuckets; ++i) {
    ASSERT_EQ(Histogram::UpperBound(i) + 1, Histogram::LowerBound(i + 1)) << i;
    ASSERT_EQ(Histogram::IndexOf(Histogram::LowerBound(i)), i);
    ASSERT_EQ(Histogram::IndexOf(Histogram::UpperBound(i)), i);
  }
}

TEST(HistogramTest, BucketWidthIsAtMostOnePercentOfItsValues) {
  for (std::size_t i = 256; i < Histogram::kBuckets; ++i) {
    const std::uint64_t width = Histogram::UpperBound(i) - Histogram::LowerBound(i) + 1;
    ASSERT_LE(width, Histogram::LowerBound(i) / 100) << i;
  }
}

TEST(HistogramTest, QuantilesAgreeWithSortedValuesWithinABucket) {
  std::mt19937_64 random(2008);
  std::lognormal_distribution<double> latency(9.0, 1.5);
  Histogram histogram;
  std::vector<std::uint64_t> values;
  for (int i = 0; i < 20'000; ++i) {
    values.push_back(static_cast<std::uint64_t>(latency(random)));
    histogram.Record(values.back());
  }
  std::sort(values.begin(), values.end());
  for (const double quantile : {0.0, 0.001, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const std::size_t rank = std::max<std::size_t>(1, static_cast<std::size_t>(std::ceil(quantile * 20'000)));
    const std::uint64_t exact = values[rank - 1];
    EXPECT_GE(histogram.Quantile(quantile), exact) << quantile;
    EXPECT_LE(static_cast<double>(histogram.Quantile(quantile)), static_cast<double>(exact) * 1.01 + 1) << quantile;
  }
  EXPECT_EQ(histogram.min(), values.front());
  EXPECT_EQ(histogram.max(), values.back());
  EXPECT_EQ(histogram.Quantile(1), values.back());
}

TEST(HistogramTest, EmptyHistogramHasZeroQuantilesAndMean) {
  const Histogram histogram;
  EXPECT_EQ(histogram.Quantile(0.5), 0u);
  EXPECT_EQ(histogram.mean(), 0u);
  EXPECT_EQ(histogram.min(), 0u);
  EXPECT_EQ(histogram.max(), 0u);
}

TEST(HistogramTest, SumDoesNotOverflow) {
  Histogram histogram;
  for (int i = 0; i < 4; ++i) histogram.Record(~std::uint64_t{0});
  EXPECT_EQ(histogram.sum(), static_cast<unsigned __int128>(~std::uint64_t{0}) * 4);
  EXPECT_EQ(histogram.mean(), ~std::uint64_t{0});
}

TEST(HistogramTest, MergingInAnyOrderEqualsRecordingEverything) {
  std::mt19937_64 random(7);
  Histogram all;
  std::vector<Histogram> parts(3);
  for (int i = 0; i < 3'000; ++i) {
    const std::uint64_t value = random() >> (random() % 60);
    all.Record(value);
    parts[static_cast<std::size_t>(i) % 3].Record(value);
  }
  Histogram left = parts[0];
  left.Merge(parts[1]);
  left.Merge(parts[2]);
  Histogram tail = parts[2];
  tail.Merge(parts[1]);
  Histogram right = parts[0];
  right.Merge(tail);
  EXPECT_EQ(left, all);
  EXPECT_EQ(right, all);
  right.Merge(Histogram());
  EXPECT_EQ(right, all);
}

TEST(HistogramTest, ExceedanceIsExactAtBucketBounds) {
  Histogram histogram;
  for (const std::uint64_t value : {100u, 1000u, 1004u, 5000u, 5000u}) histogram.Record(value);
  EXPECT_EQ(histogram.CountAtLeast(0), 5u);
  EXPECT_EQ(histogram.CountAtLeast(100), 5u);
  EXPECT_EQ(histogram.CountAtLeast(101), 4u);
  EXPECT_EQ(histogram.CountAtLeast(2000), 2u);
  // 1001 moves up to 1004, the next lower bound of a bucket.
  EXPECT_EQ(histogram.CountAtLeast(1001), 3u);
  EXPECT_EQ(histogram.CountAtLeast(1'000'000), 0u);
}

}  // namespace
}  // namespace crosscall::shared
