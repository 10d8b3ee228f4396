// Log-linear histogram of nanoseconds: relative error at most 1/128, exact count, min, max and sum; merging is
// associative, commutative and lossless.
//
// Layout 1 (the same on the wire and in memory): shift(v) = 0 below 256, else floor(log2 v) - 7;
// index(v) = shift * 128 + (v >> shift). Buckets are 1 ns wide below 256. The idea is HdrHistogram's (G. Tene): linear
// buckets within each power of two.
//
// Not thread-safe: one recorder a thread, merged afterwards. `Record` neither allocates nor calls the system.
#ifndef PROTO_SHARED_HISTOGRAM_H_
#define PROTO_SHARED_HISTOGRAM_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace crosscall::shared {

class Histogram {
 public:
  static constexpr std::uint32_t kLayout = 1;
  // Index of the largest 64-bit value, plus one: shift 56, mantissa 255.
  static constexpr std::size_t kBuckets = 56 * 128 + 256;

  static constexpr std::size_t IndexOf(std::uint64_t value) {
    if (value < 256) return static_cast<std::size_t>(value);
    const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - 8;
    return shift * 128 + static_cast<std::size_t>(value >> shift);
  }
  // Smallest value of a bucket.
  static constexpr std::uint64_t LowerBound(std::size_t index) {
    if (index < 256) return index;
    const std::size_t shift = index / 128 - 1;
    return static_cast<std::uint64_t>(index - shift * 128) << shift;
  }
  // Largest value of a bucket.
  static constexpr std::uint64_t UpperBound(std::size_t index) {
    return index + 1 < kBuckets ? LowerBound(index + 1) - 1 : ~std::uint64_t{0};
  }

  void Record(std::uint64_t nanos) {
    ++buckets_[IndexOf(nanos)];
    ++count_;
    sum_ += nanos;
    min_ = nanos < min_ ? nanos : min_;
    max_ = nanos > max_ ? nanos : max_;
  }
  // `count` values that lie in bucket `index`; count, min, max and sum are the caller's to add by `AddTotals`.
  void AddBucket(std::size_t index, std::uint64_t count) { buckets_[index] += count; }
  void AddTotals(std::uint64_t count, std::uint64_t min, std::uint64_t max, unsigned __int128 sum);
  void Merge(const Histogram& other);
  void Clear();

  std::uint64_t count() const { return count_; }
  // 0 if empty.
  std::uint64_t min() const { return count_ == 0 ? 0 : min_; }
  std::uint64_t max() const { return max_; }
  unsigned __int128 sum() const { return sum_; }
  // Rounded down; 0 if empty.
  std::uint64_t mean() const { return count_ == 0 ? 0 : static_cast<std::uint64_t>(sum_ / count_); }
  std::uint64_t bucket(std::size_t index) const { return buckets_[index]; }

  // The smallest recorded value v such that at least `quantile` of all values are <= v, up to the bucket's width: the
  // upper bound of its bucket, but never beyond `max`. `quantile` is in [0, 1]; 0 if empty.
  std::uint64_t Quantile(double quantile) const;
  // How many values are >= `nanos`, after moving `nanos` up to the next lower bound of a bucket: exact for that bound.
  std::uint64_t CountAtLeast(std::uint64_t nanos) const;

  friend bool operator==(const Histogram&, const Histogram&) = default;

 private:
  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t min_ = ~std::uint64_t{0};
  std::uint64_t max_ = 0;
  unsigned __int128 sum_ = 0;
};

}  // namespace crosscall::shared

#endif  // PROTO_SHARED_HISTOGRAM_H_
