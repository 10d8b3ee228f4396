// From raw clock ticks to nanoseconds, with the factor of the flight region's header.
#ifndef AGENT_MEASURE_TICK_SCALE_H_
#define AGENT_MEASURE_TICK_SCALE_H_

#include <cstdint>

namespace crosscall::measure {

// nanoseconds = ticks * mult / 2^32. Immutable.
class TickScale {
 public:
  constexpr explicit TickScale(std::uint64_t mult) : mult_(mult) {}

  constexpr std::uint64_t ToNanos(std::uint64_t ticks) const {
    return static_cast<std::uint64_t>((static_cast<unsigned __int128>(ticks) * mult_) >> 32);
  }
  // Rounded up, so that a span is never shorter than asked for.
  constexpr std::uint64_t ToTicks(std::uint64_t nanos) const {
    return static_cast<std::uint64_t>(((static_cast<unsigned __int128>(nanos) << 32) + mult_ - 1) / mult_);
  }
  constexpr std::uint64_t TicksPerSecond() const { return ToTicks(1'000'000'000); }

 private:
  std::uint64_t mult_;
};

}  // namespace crosscall::measure

#endif  // AGENT_MEASURE_TICK_SCALE_H_
