#include "controller/report/distribution.h"

#include <algorithm>
#include <cmath>

#include "proto/shared/histogram.h"
#include "proto/shared/histogram_proto.h"

namespace crosscall::report {

absl::StatusOr<Distribution> Distribution::Of(const v1::Histogram& proto) {
  if (absl::Status status = shared::CheckHistogram(proto); !status.ok()) return status;
  Distribution out;
  out.buckets_.reserve(static_cast<std::size_t>(proto.index_deltas_size()));
  std::uint32_t index = 0;
  for (int i = 0; i < proto.index_deltas_size(); ++i) {
    index += proto.index_deltas(i);
    out.buckets_.emplace_back(index, proto.bucket_counts(i));
  }
  out.count_ = proto.count();
  if (out.count_ == 0) return out;
  out.min_ = proto.min_nanos();
  out.max_ = proto.max_nanos();
  out.sum_ = (static_cast<unsigned __int128>(proto.sum_nanos_high()) << 64) | proto.sum_nanos_low();
  return out;
}

void Distribution::Merge(const Distribution& other) {
  if (other.count_ == 0) return;
  if (count_ == 0) {
    *this = other;
    return;
  }
  std::vector<std::pair<std::uint32_t, std::uint64_t>> merged;
  merged.reserve(buckets_.size() + other.buckets_.size());
  auto mine = buckets_.begin();
  auto theirs = other.buckets_.begin();
  while (mine != buckets_.end() || theirs != other.buckets_.end()) {
    if (theirs == other.buckets_.end() || (mine != buckets_.end() && mine->first < theirs->first)) {
      merged.push_back(*mine++);
    } else if (mine == buckets_.end() || theirs->first < mine->first) {
      merged.push_back(*theirs++);
    } else {
      merged.emplace_back(mine->first, mine->second + theirs->second);
      ++mine;
      ++theirs;
    }
  }
  buckets_ = std::move(merged);
  count_ += other.count_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

std::uint64_t Distribution::Quantile(double quantile) const {
  if (count_ == 0) return 0;
  const double wanted = std::ceil(quantile * static_cast<double>(count_));
  const std::uint64_t rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(std::max(wanted, 1.0)), 1, count_);
  std::uint64_t seen = 0;
  for (const auto& [index, count] : buckets_) {
    seen += count;
    if (seen >= rank) return std::min<std::uint64_t>(shared::Histogram::UpperBound(index), max_);
  }
  return max_;
}

std::vector<std::pair<std::uint32_t, std::uint64_t>> Distribution::Coarse(std::uint32_t width) const {
  std::vector<std::pair<std::uint32_t, std::uint64_t>> out;
  for (const auto& [index, count] : buckets_) {
    if (out.empty() || out.back().first != index / width) out.emplace_back(index / width, 0);
    out.back().second += count;
  }
  return out;
}

}  // namespace crosscall::report
