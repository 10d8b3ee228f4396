#include "agent/measure/latency_book.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "agent/measure/sparse_histogram.h"
#include "proto/shared/histogram.h"

namespace crosscall::measure {
namespace {

TEST(SparseHistogramTest, HoldsTheSameValuesAsTheFullForm) {
  SparseHistogram sparse;
  shared::Histogram full;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const std::uint64_t value = i * i * i * 7;
    sparse.Record(value);
    full.Record(value);
  }
  shared::Histogram converted;
  sparse.AddTo(converted);
  EXPECT_TRUE(converted == full);
}

TEST(SparseHistogramTest, EmptyAddsNothing) {
  shared::Histogram converted;
  SparseHistogram().AddTo(converted);
  EXPECT_TRUE(converted == shared::Histogram());
}

TEST(LatencyBookTest, PairsBeyondTheLimitAreInTheWholeOnly) {
  LatencyBook book;
  for (std::uint32_t source = 0; source < 65; ++source) {
    for (std::uint32_t target = 0; target < 65; ++target) book.RecordPair(source, target, 5);
  }
  v1::TrialResult result;
  book.Fill(result);
  EXPECT_EQ(result.pairs_size(), 4096);
}

}  // namespace
}  // namespace crosscall::measure
