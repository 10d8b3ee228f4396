// The coarse distribution that is kept of all calls for ever, and shown as a heat map: 1-2-5 from 200 ns to 100 ms.
#ifndef PROTO_SHARED_CALL_BUCKETS_H_
#define PROTO_SHARED_CALL_BUCKETS_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "proto/shared/histogram.h"

namespace crosscall::shared {

struct CallBuckets {
  static constexpr std::array<std::uint64_t, 18> kBoundsNanos = {
      200,     500,     1'000,    2'000,     5'000,     10'000,     20'000,     50'000,     100'000,
      200'000, 500'000, 1000'000, 2'000'000, 5'000'000, 10'000'000, 20'000'000, 50'000'000, 100'000'000};
  // With the one beyond all bounds.
  static constexpr std::size_t kCount = kBoundsNanos.size() + 1;

  // Calls up to each bound and beyond the one before; not cumulative.
  std::array<std::uint64_t, kCount> counts{};
  double sum_seconds = 0;

  // Calls in one bucket of `histogram` that a bound divides are taken for shorter than it: 1/128 too long at most.
  // Counts stay at their largest value rather than wrap.
  void Add(const Histogram& histogram);
  void Add(const CallBuckets& other);

  friend bool operator==(const CallBuckets&, const CallBuckets&) = default;
};

}  // namespace crosscall::shared

#endif  // PROTO_SHARED_CALL_BUCKETS_H_
