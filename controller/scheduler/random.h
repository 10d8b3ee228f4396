// Numbers that are the same on every machine and in every release: std::shuffle and the distributions are not.
#ifndef CONTROLLER_SCHEDULER_RANDOM_H_
#define CONTROLLER_SCHEDULER_RANDOM_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "proto/shared/random.h"

namespace crosscall::scheduler {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t Next() { return shared::NextRandom(state_); }
  // In [0, bound); `bound` is positive. The bias is below bound / 2^64.
  std::uint64_t Below(std::uint64_t bound) {
    return static_cast<std::uint64_t>((static_cast<unsigned __int128>(Next()) * bound) >> 64);
  }

 private:
  std::uint64_t state_;
};

// Fisher-Yates.
template <class T>
void Shuffle(std::vector<T>& items, Random& random) {
  for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random.Below(i)]);
}

}  // namespace crosscall::scheduler

#endif  // CONTROLLER_SCHEDULER_RANDOM_H_
