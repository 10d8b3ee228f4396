#include "proto/shared/histogram.h"

#include <algorithm>
#include <cmath>

#include "proto/shared/check.h"

namespace crosscall::shared {

void Histogram::AddTotals(std::uint64_t count, std::uint64_t min, std::uint64_t max, unsigned __int128 sum) {
  if (count == 0) return;
  count_ += count;
  sum_ += sum;
  min_ = std::min(min_, min);
  max_ = std::max(max_, max);
}

void Histogram::Merge(const Histogram& other) {
  if (other.count_ == 0) return;
  const std::size_t last = IndexOf(other.max_);
  for (std::size_t i = IndexOf(other.min_); i <= last; ++i) buckets_[i] += other.buckets_[i];
  AddTotals(other.count_, other.min_, other.max_, other.sum_);
}

void Histogram::Clear() { *this = Histogram(); }

std::uint64_t Histogram::Quantile(double quantile) const {
  CROSSCALL_CHECK(quantile >= 0 && quantile <= 1, "quantile out of [0, 1]");
  if (count_ == 0) return 0;
  const double exact = std::ceil(quantile * static_cast<double>(count_));
  const std::uint64_t rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(exact), 1, count_);
  std::uint64_t seen = 0;
  for (std::size_t i = IndexOf(min_); i < kBuckets; ++i) {
    seen += buckets_[i];
    if (seen >= rank) return std::min(UpperBound(i), max_);
  }
  CheckFailed(__FILE__, __LINE__, "seen >= rank", "bucket counts do not add up to count");
}

std::uint64_t Histogram::CountAtLeast(std::uint64_t nanos) const {
  std::size_t first = IndexOf(nanos);
  if (LowerBound(first) < nanos) ++first;
  std::uint64_t out = 0;
  for (std::size_t i = first; i < kBuckets; ++i) out += buckets_[i];
  return out;
}

}  // namespace crosscall::shared
