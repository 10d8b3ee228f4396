// Round-trip times of one way to make another CPU do something, gathered over interleaved rounds.
#ifndef TESTS_BENCH_CALL_SAMPLES_H_
#define TESTS_BENCH_CALL_SAMPLES_H_

#include <algorithm>
#include <utility>
#include <vector>

#include "agent/core/types.h"

namespace crosscall::bench {

class CallSamples {
 public:
  void Add(core::u64 nanos) { nanos_.push_back(nanos); }
  void Add(const std::vector<core::u64>& nanos) { nanos_.insert(nanos_.end(), nanos.begin(), nanos.end()); }
  bool empty() const { return nanos_.empty(); }
  core::usize size() const { return nanos_.size(); }

  // The smallest sample that at least `percent` of 100 do not exceed. At least one sample.
  core::u64 Percentile(double percent) const {
    std::vector<core::u64> sorted = nanos_;
    const double rank = percent / 100 * static_cast<double>(sorted.size());
    const auto index = std::min(sorted.size() - 1, static_cast<core::usize>(rank));
    const auto nth = sorted.begin() + static_cast<std::ptrdiff_t>(index);
    std::nth_element(sorted.begin(), nth, sorted.end());
    return *nth;
  }

 private:
  std::vector<core::u64> nanos_;
};

}  // namespace crosscall::bench

#endif  // TESTS_BENCH_CALL_SAMPLES_H_
