#include "agent/ports/board_clock.h"

#include <ctime>

#include "gtest/gtest.h"

namespace crosscall::ports {
namespace {

core::u64 MonotonicRawNanos() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC_RAW, &now);
  return static_cast<core::u64>(now.tv_sec) * 1'000'000'000 + static_cast<core::u64>(now.tv_nsec);
}

TEST(BoardClockTest, CounterIsTrustedOnlyIfCpuAndKernelAgree) {
  EXPECT_TRUE(CounterIsTrusted(true, "tsc"));
  EXPECT_FALSE(CounterIsTrusted(false, "tsc"));
  EXPECT_FALSE(CounterIsTrusted(true, "hpet"));
  EXPECT_FALSE(CounterIsTrusted(true, ""));
}

TEST(BoardClockTest, ConversionsAreInversesToOnePartInAMillion) {
  const BoardClock& clock = BoardClock::Get();
  for (const core::u64 nanos : {core::u64{1'000'000}, core::u64{3'000'000'000}, core::u64{86'400'000'000'000}}) {
    const core::u64 back = clock.TicksToNanos(clock.NanosToTicks(nanos));
    EXPECT_NEAR(static_cast<double>(back), static_cast<double>(nanos), static_cast<double>(nanos) * 1e-6 + 2);
  }
}

TEST(BoardClockTest, RunsAtTheRateOfTheKernelsRawClock) {
  const BoardClock& clock = BoardClock::Get();
  // Bracketed from both sides, so that a preemption between two readings cannot fail the test.
  const core::u64 outer_start = MonotonicRawNanos();
  const core::u64 first = clock.Now();
  const core::u64 inner_start = MonotonicRawNanos();
  while (MonotonicRawNanos() - inner_start < 20'000'000) {
  }
  const core::u64 inner_end = MonotonicRawNanos();
  const core::u64 last = clock.Now();
  const core::u64 outer_end = MonotonicRawNanos();
  const double nanos = static_cast<double>(clock.TicksToNanos(last - first));
  EXPECT_GE(nanos, static_cast<double>(inner_end - inner_start) * 0.999);
  EXPECT_LE(nanos, static_cast<double>(outer_end - outer_start) * 1.001);
}

TEST(BoardClockTest, MonotonicClockCountsNanoseconds) {
  const BoardClock clock = BoardClock::Monotonic();
  EXPECT_EQ(clock.TicksToNanos(123'456'789), 123'456'789u);
  EXPECT_EQ(clock.NanosToTicks(123'456'789), 123'456'789u);
  EXPECT_EQ(clock.name(), "CLOCK_MONOTONIC");
  const core::u64 first = clock.Now();
  EXPECT_GE(first, clock.base());
  EXPECT_GE(clock.Now(), first);
}

}  // namespace
}  // namespace crosscall::ports
