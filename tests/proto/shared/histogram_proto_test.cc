#include "proto/shared/histogram_proto.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>

namespace crosscall::shared {
namespace {

Histogram Sample() {
  std::mt19937_64 random(3);
  Histogram histogram;
  for (int i = 0; i < 1'000; ++i) histogram.Record(random() >> (random() % 64));
  return histogram;
}

TEST(HistogramProtoTest, RoundTripLosesNothing) {
  const Histogram histogram = Sample();
  const absl::StatusOr<Histogram> back = FromProto(ToProto(histogram));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, histogram);
}

TEST(HistogramProtoTest, EmptyRoundTrips) {
  const absl::StatusOr<Histogram> back = FromProto(ToProto(Histogram()));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->count(), 0u);
}

TEST(HistogramProtoTest, DamagedHistogramsAreRefused) {
  const std::vector<std::function<void(v1::Histogram&)>> damages = {
      [](v1::Histogram& h) { h.set_layout(2); },
      [](v1::Histogram& h) { h.set_count(h.count() + 1); },
      [](v1::Histogram& h) { h.add_index_deltas(1); },
      [](v1::Histogram& h) { h.set_index_deltas(1, 0); },
      [](v1::Histogram& h) { h.set_index_deltas(1, 1'000'000); },
      [](v1::Histogram& h) { h.set_index_deltas(1, ~0u); },
      [](v1::Histogram& h) { h.set_bucket_counts(0, 0); },
      [](v1::Histogram& h) { h.set_bucket_counts(0, ~std::uint64_t{0}); },
      [](v1::Histogram& h) { h.set_max_nanos(0); },
      [](v1::Histogram& h) { h.set_min_nanos(h.max_nanos()); },
  };
  for (std::size_t i = 0; i < damages.size(); ++i) {
    v1::Histogram proto = ToProto(Sample());
    damages[i](proto);
    const absl::StatusOr<Histogram> back = FromProto(proto);
    EXPECT_EQ(back.status().code(), absl::StatusCode::kInvalidArgument) << "damage " << i;
  }
}

}  // namespace
}  // namespace crosscall::shared
