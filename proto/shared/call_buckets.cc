#include "proto/shared/call_buckets.h"

#include <algorithm>
#include <limits>

namespace crosscall::shared {
namespace {

constexpr double kNanosPerSecond = 1e9;

void Count(std::uint64_t& count, std::uint64_t more) {
  count = more > std::numeric_limits<std::uint64_t>::max() - count ? std::numeric_limits<std::uint64_t>::max()
                                                                   : count + more;
}

}  // namespace

void CallBuckets::Add(const Histogram& histogram) {
  for (std::size_t index = 0; index < Histogram::kBuckets; ++index) {
    const std::uint64_t calls = histogram.bucket(index);
    if (calls == 0) continue;
    const auto bound = std::lower_bound(kBoundsNanos.begin(), kBoundsNanos.end(), Histogram::LowerBound(index));
    Count(counts[static_cast<std::size_t>(bound - kBoundsNanos.begin())], calls);
  }
  sum_seconds += static_cast<double>(histogram.sum()) / kNanosPerSecond;
}

void CallBuckets::Add(const CallBuckets& other) {
  for (std::size_t i = 0; i < kCount; ++i) Count(counts[i], other.counts[i]);
  sum_seconds += other.sum_seconds;
}

}  // namespace crosscall::shared
