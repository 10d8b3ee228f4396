#include "controller/scheduler/coarse_to_fine.h"

namespace crosscall::scheduler {

// The bits of the index in reverse: 0, 1/2, 1/4, 3/4, 1/8 ... of the way come first.
std::uint32_t GrainOf(std::size_t index, std::size_t count) {
  std::uint32_t grain = 0;
  for (std::size_t above = 1; above < count; above *= 2) {
    grain = grain * 2 + static_cast<std::uint32_t>(index & 1);
    index /= 2;
  }
  return grain;
}

std::uint32_t GrainOfPair(std::size_t source, std::size_t target, std::size_t cpus) {
  const std::size_t distance = (target + cpus - source) % cpus;
  return GrainOf(distance - 1, cpus - 1);
}

}  // namespace crosscall::scheduler
