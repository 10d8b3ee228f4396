// Histograms of proto/shared/histogram.h in their sparse form: many fit into memory, and merging costs what is in them.
//
// Not thread-safe.
#ifndef CONTROLLER_REPORT_DISTRIBUTION_H_
#define CONTROLLER_REPORT_DISTRIBUTION_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "crosscall/v1/histogram.pb.h"

namespace crosscall::report {

class Distribution {
 public:
  // INVALID_ARGUMENT as shared::CheckHistogram: a damaged histogram never becomes a number.
  static absl::StatusOr<Distribution> Of(const v1::Histogram& proto);

  // Exact.
  void Merge(const Distribution& other);

  std::uint64_t count() const { return count_; }
  // The next three are 0 if empty; the mean is rounded down.
  std::uint64_t min() const { return min_; }
  std::uint64_t max() const { return max_; }
  std::uint64_t mean() const { return count_ == 0 ? 0 : static_cast<std::uint64_t>(sum_ / count_); }
  // As shared::Histogram::Quantile.
  std::uint64_t Quantile(double quantile) const;
  // The counts of `width` buckets each, those without a value left out: number of the group, count.
  std::vector<std::pair<std::uint32_t, std::uint64_t>> Coarse(std::uint32_t width) const;

 private:
  // Index and count of each bucket with a value, ascending.
  std::vector<std::pair<std::uint32_t, std::uint64_t>> buckets_;
  std::uint64_t count_ = 0;
  std::uint64_t min_ = 0;
  std::uint64_t max_ = 0;
  unsigned __int128 sum_ = 0;
};

}  // namespace crosscall::report

#endif  // CONTROLLER_REPORT_DISTRIBUTION_H_
