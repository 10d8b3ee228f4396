#include "agent/ports/board_clock.h"

#include <fstream>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace crosscall::ports {
namespace {

using core::u64;

constexpr u64 kNanosPerSecond = 1'000'000'000;

bool CpuCounterIsInvariant() {
#if defined(__x86_64__)
  // CPUID leaf 0x80000007, EDX bit 8: the counter runs at a constant rate in all ACPI P-, C- and T-states.
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  return __get_cpuid(0x80000007, &eax, &ebx, &ecx, &edx) != 0 && (edx & (1U << 8)) != 0;
#else
  return false;
#endif
}

std::string KernelClocksource() {
  std::ifstream file("/sys/devices/system/clocksource/clocksource0/current_clocksource");
  std::string name;
  file >> name;
  return name;
}

#if defined(__x86_64__)
u64 RawNanos() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC_RAW, &now);
  return static_cast<u64>(now.tv_sec) * kNanosPerSecond + static_cast<u64>(now.tv_nsec);
}

struct Reading {
  u64 counter;
  u64 nanos;
};

// One reading of both clocks at the same moment: of several, the one whose counter readings enclose the other clock
// most tightly, so that an interrupt in between does not count.
Reading ReadBoth() {
  constexpr int kTries = 32;
  Reading best{};
  u64 best_width = ~u64{0};
  for (int i = 0; i < kTries; ++i) {
    const u64 before = __builtin_ia32_rdtsc();
    const u64 nanos = RawNanos();
    const u64 after = __builtin_ia32_rdtsc();
    if (after - before < best_width) {
      best_width = after - before;
      best = {before + (after - before) / 2, nanos};
    }
  }
  return best;
}
#endif

}  // namespace

bool CounterIsTrusted(bool cpu_invariant, absl::string_view kernel_clocksource) {
  return cpu_invariant && kernel_clocksource == "tsc";
}

const BoardClock& BoardClock::Get() {
  static const BoardClock clock =
      CounterIsTrusted(CpuCounterIsInvariant(), KernelClocksource()) ? Calibrated() : Monotonic();
  return clock;
}

BoardClock BoardClock::Monotonic() {
  BoardClock clock;
  clock.base_ = MonotonicNanos();
  return clock;
}

BoardClock BoardClock::Calibrated() {
#if defined(__x86_64__)
  // Long enough that the tens of nanoseconds of a reading's uncertainty are a few millionths of it.
  constexpr timespec kSpan{0, 20'000'000};
  const Reading first = ReadBoth();
  nanosleep(&kSpan, nullptr);
  const Reading last = ReadBoth();
  const double ticks = static_cast<double>(last.counter - first.counter);
  const double nanos = static_cast<double>(last.nanos - first.nanos);
  constexpr double kOne = 4294967296.0;  // 2^32
  BoardClock clock;
  clock.counter_ = true;
  clock.base_ = first.counter;
  clock.mult_ = static_cast<u64>(nanos / ticks * kOne);
  clock.inverse_mult_ = static_cast<u64>(ticks / nanos * kOne);
  return clock;
#else
  return Monotonic();
#endif
}

}  // namespace crosscall::ports
