// The histogram of proto/shared/histogram.h with memory only for the powers of two that occur: there is one for each
// CPU pair, and a pair's latencies lie close together. Recording may allocate, so it is for joins, not for timed parts.
#ifndef AGENT_MEASURE_SPARSE_HISTOGRAM_H_
#define AGENT_MEASURE_SPARSE_HISTOGRAM_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>

#include "proto/shared/histogram.h"

namespace crosscall::measure {

// Not thread-safe.
class SparseHistogram {
 public:
  void Record(std::uint64_t nanos) {
    const std::size_t index = shared::Histogram::IndexOf(nanos);
    std::unique_ptr<Chunk>& chunk = chunks_[index / kChunkBuckets];
    if (chunk == nullptr) chunk = std::make_unique<Chunk>();
    ++(*chunk)[index % kChunkBuckets];
    ++count_;
    sum_ += nanos;
    min_ = std::min(min_, nanos);
    max_ = std::max(max_, nanos);
  }

  std::uint64_t count() const { return count_; }

  // The same values in the full form.
  void AddTo(shared::Histogram& out) const {
    for (std::size_t i = 0; i < chunks_.size(); ++i) {
      if (chunks_[i] == nullptr) continue;
      for (std::size_t j = 0; j < kChunkBuckets; ++j) {
        if ((*chunks_[i])[j] != 0) out.AddBucket(i * kChunkBuckets + j, (*chunks_[i])[j]);
      }
    }
    out.AddTotals(count_, min_, max_, sum_);
  }

 private:
  static constexpr std::size_t kChunkBuckets = 128;
  static_assert(shared::Histogram::kBuckets % kChunkBuckets == 0);
  using Chunk = std::array<std::uint64_t, kChunkBuckets>;

  std::array<std::unique_ptr<Chunk>, shared::Histogram::kBuckets / kChunkBuckets> chunks_;
  std::uint64_t count_ = 0;
  std::uint64_t min_ = ~std::uint64_t{0};
  std::uint64_t max_ = 0;
  unsigned __int128 sum_ = 0;
};

}  // namespace crosscall::measure

#endif  // AGENT_MEASURE_SPARSE_HISTOGRAM_H_
