// The order of a sweep that may not come to its end: rule S13 of the fleet reference. Pure.
//
// Whatever the moment at which it stops, what was measured is spread over the whole machine: CPU pairs are taken by
// distance, and distances (or CPU lists, as they were given) in an order that halves the widest gap again and again.
// All pairs of one distance together call from each CPU once, and to each CPU once.
#ifndef CONTROLLER_SCHEDULER_COARSE_TO_FINE_H_
#define CONTROLLER_SCHEDULER_COARSE_TO_FINE_H_

#include <cstddef>
#include <cstdint>

namespace crosscall::scheduler {

// Ranks item `index` of `count`: the smaller ranks are spread over all items.
std::uint32_t GrainOf(std::size_t index, std::size_t count);

// The same for the pair of the `source`th and the `target`th of `cpus` CPUs, which are not the same.
std::uint32_t GrainOfPair(std::size_t source, std::size_t target, std::size_t cpus);

}  // namespace crosscall::scheduler

#endif  // CONTROLLER_SCHEDULER_COARSE_TO_FINE_H_
