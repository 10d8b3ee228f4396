#include "proto/shared/call_buckets.h"

#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crosscall::shared {
namespace {

TEST(CallBucketsTest, ACallIsInTheFirstBucketWhoseBoundItDoesNotPass) {
  Histogram histogram;
  for (const std::uint64_t nanos : {0ULL, 200ULL, 201ULL, 1'000'000ULL, 100'000'000ULL, 200'000'000ULL}) {
    histogram.Record(nanos);
  }
  CallBuckets buckets;
  buckets.Add(histogram);
  EXPECT_EQ(buckets.counts[0], 2U);                        // up to 200 ns
  EXPECT_EQ(buckets.counts[1], 1U);                        // up to 500 ns
  EXPECT_EQ(buckets.counts[11], 1U);                       // up to 1 ms
  EXPECT_EQ(buckets.counts[CallBuckets::kCount - 2], 1U);  // up to 100 ms
  EXPECT_EQ(buckets.counts.back(), 1U);
  EXPECT_DOUBLE_EQ(buckets.sum_seconds, 0.301000401);
}

TEST(CallBucketsTest, WhatABoundDividesIsAtMostA128thTooLong) {
  for (std::size_t i = 0; i < CallBuckets::kBoundsNanos.size(); ++i) {
    const std::uint64_t bound = CallBuckets::kBoundsNanos[i];
    Histogram histogram;
    histogram.Record(bound + bound / 128 + 1);
    CallBuckets buckets;
    buckets.Add(histogram);
    EXPECT_EQ(buckets.counts[i + 1], 1U) << bound;
  }
}

TEST(CallBucketsTest, SumsAddUpAndCountsDoNotWrap) {
  Histogram one;
  one.Record(10);
  CallBuckets all;
  all.Add(one);
  CallBuckets twice = all;
  twice.Add(all);
  EXPECT_EQ(twice.counts[0], 2U);
  EXPECT_DOUBLE_EQ(twice.sum_seconds, 2e-8);
  all.counts[0] = std::numeric_limits<std::uint64_t>::max();
  all.Add(one);
  EXPECT_EQ(all.counts[0], std::numeric_limits<std::uint64_t>::max());
}

}  // namespace
}  // namespace crosscall::shared
