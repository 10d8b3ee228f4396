#include "agent/measure/calibration.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#include "agent/measure/tick_scale.h"

namespace crosscall::measure {
namespace {

TEST(CalibrationTest, ClockReadIsTheCostOfOneRead) {
  std::uint64_t time = 0;
  EXPECT_EQ(ClockReadTicks([&] { return time += 25; }), 25u);
}

TEST(CalibrationTest, ClockReadIgnoresInterruptedRuns) {
  std::uint64_t time = 0;
  std::uint64_t reads = 0;
  const auto now = [&] {
    if (++reads % 1000 == 0) time += 1'000'000;
    return time += 25;
  };
  EXPECT_EQ(ClockReadTicks(now), 25u);
}

TEST(CalibrationTest, EmptyCallIsTheMedianOfTheDryRuns) {
  std::uint64_t run = 0;
  EXPECT_EQ(EmptyCallTicks([&]() -> std::uint64_t { return ++run % 10 == 0 ? 90'000 : 40; }), 40u);
}

std::uint64_t Nanos() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
          .count());
}

std::uint64_t Bound(std::uint64_t ahead_nanos) {
  SkewProbe probe;
  std::thread other([&] { probe.Answer([ahead_nanos] { return Nanos() + ahead_nanos; }); });
  const std::uint64_t bound = probe.Ask(&Nanos, 200, 1'000'000'000);
  other.join();
  return bound;
}

TEST(CalibrationTest, BoundCoversTheSkewThatIsThere) {
  // A bounce never takes less than nothing, so a bound below the true difference would be wrong on any machine.
  EXPECT_GE(Bound(1'000'000'000), 1'000'000'000u);
  EXPECT_LT(Bound(0), Bound(1'000'000'000'000));
}

TEST(CalibrationTest, OneBounceIsEnoughWhenTheTimeIsUp) {
  SkewProbe probe;
  std::atomic<std::uint64_t> answers{0};
  std::thread other([&] {
    probe.Answer([&] {
      ++answers;
      return Nanos();
    });
  });
  probe.Ask(&Nanos, 1'000'000, /*max_ticks=*/0);
  other.join();
  EXPECT_EQ(answers.load(), 1u);
}

TEST(SkewBoundTest, TwoErrorsToOneReferenceAddUp) {
  SkewBound bound;
  EXPECT_EQ(bound.Worst(), 0u);
  bound.Add(30);
  EXPECT_EQ(bound.Worst(), 30u);
  bound.Add(50);
  bound.Add(20);
  EXPECT_EQ(bound.Worst(), 80u);
}

TEST(TickScaleTest, ConvertsBothWays) {
  const TickScale nanos(std::uint64_t{1} << 32);
  EXPECT_EQ(nanos.ToNanos(12345), 12345u);
  EXPECT_EQ(nanos.ToTicks(12345), 12345u);
  const TickScale half(std::uint64_t{1} << 31);  // two ticks a nanosecond
  EXPECT_EQ(half.ToNanos(10), 5u);
  EXPECT_EQ(half.ToTicks(5), 10u);
  EXPECT_EQ(half.TicksPerSecond(), 2'000'000'000u);
}

}  // namespace
}  // namespace crosscall::measure
