// What measuring itself costs, measured on the spot by the threads that will measure: a clock read, an empty recorded
// call, and how far the CPUs' clocks may lie apart.
//
// Skew. CPU 0 and another one bounce a cache line; the other's clock value lies between two values of CPU 0's clock, so
// each bounce bounds the difference of the two clocks from both sides (Cristian's method), and the bounds of many
// bounces intersect. Clocks are read as in measurements, so the bound includes what unordered reads blur.
#ifndef AGENT_MEASURE_CALIBRATION_H_
#define AGENT_MEASURE_CALIBRATION_H_

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <limits>

namespace crosscall::measure {

// Ticks of one clock read: the least average over several runs, since interruptions only add.
template <class Now>
std::uint64_t ClockReadTicks(Now&& now) {
  constexpr int kRuns = 32;
  constexpr int kReads = 256;
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  for (int run = 0; run < kRuns; ++run) {
    const std::uint64_t start = now();
    for (int i = 1; i < kReads; ++i) static_cast<void>(now());
    least = std::min(least, (now() - start) / kReads);
  }
  return least;
}

// Median of `dry_run()`, which returns the ticks between the first and the last stamp of an empty recorded call.
template <class DryRun>
std::uint64_t EmptyCallTicks(DryRun&& dry_run) {
  std::array<std::uint64_t, 255> ticks;
  for (std::uint64_t& value : ticks) value = dry_run();
  std::nth_element(ticks.begin(), ticks.begin() + ticks.size() / 2, ticks.end());
  return ticks[ticks.size() / 2];
}

// One exchange of clock values between two CPUs, each of which calls one side once. Both spin.
class SkewProbe {
 public:
  // The side whose clock is the reference. Returns the bound of the difference in ticks after `bounces`, or after
  // `max_ticks` if at least one bounce was made by then.
  template <class Now>
  std::uint64_t Ask(Now&& now, std::uint32_t bounces, std::uint64_t max_ticks) {
    // The other clock minus this one lies in [low, high].
    std::int64_t low = std::numeric_limits<std::int64_t>::min();
    std::int64_t high = std::numeric_limits<std::int64_t>::max();
    const std::uint64_t begin = now();
    for (std::uint32_t bounce = 1; bounce <= bounces; ++bounce) {
      const std::uint64_t before = now();
      // Release and acquire on both words: the other side reads its clock between our two readings.
      ping_.store(bounce, std::memory_order_release);
      while (pong_.load(std::memory_order_acquire) != bounce) {
      }
      const std::uint64_t after = now();
      low = std::max(low, static_cast<std::int64_t>(there_ - after));
      high = std::min(high, static_cast<std::int64_t>(there_ - before));
      if (after - begin > max_ticks) break;
    }
    ping_.store(kEnd, std::memory_order_release);
    return static_cast<std::uint64_t>(std::max(std::abs(low), std::abs(high)));
  }

  template <class Now>
  void Answer(Now&& now) {
    for (std::uint32_t answered = 0;;) {
      const std::uint32_t bounce = ping_.load(std::memory_order_acquire);
      if (bounce == kEnd) return;
      if (bounce == answered) continue;
      there_ = now();
      answered = bounce;
      pong_.store(bounce, std::memory_order_release);
    }
  }

 private:
  static constexpr std::uint32_t kEnd = ~std::uint32_t{0};

  alignas(64) std::atomic<std::uint32_t> ping_{0};
  alignas(64) std::atomic<std::uint32_t> pong_{0};
  std::uint64_t there_ = 0;  // written before pong_, read after it
};

// The bound between any two of several CPUs, given each one's bound to the same reference: two errors may add up.
class SkewBound {
 public:
  void Add(std::uint64_t bound) {
    if (bound > largest_) std::swap(bound, largest_);
    second_ = std::max(second_, bound);
  }
  std::uint64_t Worst() const { return largest_ + second_; }

 private:
  std::uint64_t largest_ = 0;
  std::uint64_t second_ = 0;
};

}  // namespace crosscall::measure

#endif  // AGENT_MEASURE_CALIBRATION_H_
