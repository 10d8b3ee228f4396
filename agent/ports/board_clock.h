// The raw clock of stage stamps: the time stamp counter where it is invariant and the kernel trusts it as its own
// clock source, else CLOCK_MONOTONIC. It is common to all CPUs of the board; reading it costs no system call.
//
// nanoseconds = (raw - base) * mult >> 32, as the flight region's header promises. The counter's rate is measured once
// a process against CLOCK_MONOTONIC_RAW. Readings are not serialised: a reading may move by some tens of cycles against
// the loads and stores around it, which is the resolution to be stated with results.
//
// Thread safety: immutable once Get has returned; Now is safe in signal handlers.
#ifndef AGENT_PORTS_BOARD_CLOCK_H_
#define AGENT_PORTS_BOARD_CLOCK_H_

#include <ctime>

#include <string>

#include "absl/strings/string_view.h"
#include "agent/core/types.h"

namespace crosscall::ports {

// True if the counter runs at a constant rate in all power states (`cpu_invariant`, from CPUID) and the kernel measured
// the same: `kernel_clocksource` is what it uses itself.
bool CounterIsTrusted(bool cpu_invariant, absl::string_view kernel_clocksource);

class BoardClock {
 public:
  // The clock of this process; calibrated by the first call, which takes about 20 ms.
  static const BoardClock& Get();
  // A clock that reads CLOCK_MONOTONIC: raw values are nanoseconds.
  static BoardClock Monotonic();

  core::u64 Now() const {
#if defined(__x86_64__)
    if (counter_) return __builtin_ia32_rdtsc();
#endif
    return MonotonicNanos();
  }

  core::u64 base() const { return base_; }
  core::u64 mult() const { return mult_; }
  // Spans, not instants.
  core::u64 TicksToNanos(core::u64 ticks) const { return Scale(ticks, mult_); }
  core::u64 NanosToTicks(core::u64 nanos) const { return Scale(nanos, inverse_mult_); }
  // "tsc" or "CLOCK_MONOTONIC", for the environment record.
  std::string name() const { return counter_ ? "tsc" : "CLOCK_MONOTONIC"; }

 private:
  BoardClock() = default;
  static BoardClock Calibrated();
  static core::u64 MonotonicNanos() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<core::u64>(now.tv_sec) * 1'000'000'000 + static_cast<core::u64>(now.tv_nsec);
  }
  static core::u64 Scale(core::u64 value, core::u64 mult) {
    __extension__ using u128 = unsigned __int128;
    return static_cast<core::u64>((static_cast<u128>(value) * mult) >> 32);
  }

  bool counter_ = false;
  core::u64 base_ = 0;
  core::u64 mult_ = core::u64{1} << 32;
  core::u64 inverse_mult_ = core::u64{1} << 32;
};

}  // namespace crosscall::ports

#endif  // AGENT_PORTS_BOARD_CLOCK_H_
