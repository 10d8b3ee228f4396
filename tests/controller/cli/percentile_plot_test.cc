#include "controller/cli/percentile_plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "tests/controller/cli/sample_results.h"

namespace crosscall::cli {
namespace {

using ::testing::HasSubstr;

v1::Histogram Ramp(std::uint64_t from, std::uint64_t step, int count) {
  shared::Histogram histogram;
  for (int i = 0; i < count; ++i) histogram.Record(from + step * static_cast<std::uint64_t>(i));
  return shared::ToProto(histogram);
}

TEST(PercentilePlotTest, RareCallsStandRightAndSlowOnesAbove) {
  const absl::StatusOr<std::string> plot =
      FormatPercentilePlot("ring, b1", {{"fast", Ramp(100, 0, 1000)}, {"slow", Ramp(1000, 10, 1000)}});
  ASSERT_TRUE(plot.ok());
  const std::vector<std::string> lines = absl::StrSplit(*plot, '\n');
  EXPECT_EQ(lines[0], "ring, b1: latency by percentile");
  // The slowest of all is drawn last in the first row, the constant line fills the lowest.
  EXPECT_THAT(lines[1], testing::StartsWith("   11.0 us +"));
  EXPECT_EQ(lines[1].back(), 'b');
  EXPECT_EQ(lines[16], "    100 ns +" + std::string(66, 'a'));
  EXPECT_EQ(lines[18].substr(0, 15), "            min");
  EXPECT_THAT(lines[18], HasSubstr("p90"));
  EXPECT_THAT(lines[18], HasSubstr("p99.9"));
  EXPECT_EQ(lines[19], "  a fast  p50 100 ns, p99 100 ns, max 100 ns");
  for (const std::string& line : lines) EXPECT_LE(line.size(), 79U) << line;
}

TEST(PercentilePlotTest, AnEqualLineIsMarkedAndAShortOneEnds) {
  const absl::StatusOr<std::string> plot =
      FormatPercentilePlot("t", {{"x", Ramp(500, 0, 10'000)}, {"y", Ramp(500, 0, 100)}, {"z", Ramp(900, 0, 100)}});
  ASSERT_TRUE(plot.ok());
  // Of four decades the first two have both.
  EXPECT_THAT(*plot, HasSubstr("500 ns +" + std::string(33, '*') + std::string(33, 'a') + "\n"));
}

TEST(PercentilePlotTest, WhatHasNoCallsIsNotDrawnAndDamageIsNoPicture) {
  EXPECT_EQ(*FormatPercentilePlot("t", {{"x", v1::Histogram()}}), "");
  v1::Histogram damaged = HistogramOf({5});
  damaged.set_count(7);
  EXPECT_EQ(FormatPercentilePlot("t", {{"x", damaged}}).status().code(), absl::StatusCode::kDataLoss);
}

TEST(PercentilePlotTest, MoreLinesThanLettersAreSaid) {
  const std::vector<PlotLine> lines(30, PlotLine{"x", HistogramOf({5, 6})});
  EXPECT_THAT(*FormatPercentilePlot("t", lines), HasSubstr("  4 more are not drawn\n"));
}

}  // namespace
}  // namespace crosscall::cli
