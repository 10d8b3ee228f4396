#include "agent/ports/interrupt_timer.h"

#include <atomic>
#include <chrono>

#include "gtest/gtest.h"

namespace crosscall::ports {
namespace {

using core::CpuId;
using core::u32;
using core::u64;
using Clock = std::chrono::steady_clock;

// Counts what the timer does.
struct Counts {
  std::atomic<u32> ipis{0};
  std::atomic<u32> devices{0};
  std::atomic<u32> stalls{0};
  std::atomic<u64> last_argument{0};

  InterruptTimer::Actions Actions() {
    return {[this](CpuId cpu) {
              last_argument = cpu;
              ++ipis;
              ipis.notify_all();
            },
            [this](CpuId, u32 index) {
              last_argument = index;
              ++devices;
              devices.notify_all();
            },
            [this](CpuId, u64 nanos) {
              last_argument = nanos;
              ++stalls;
              stalls.notify_all();
            }};
  }
  static void Await(const std::atomic<u32>& count, u32 value) {
    for (u32 seen = count; seen < value; seen = count) count.wait(seen);
  }
};

TEST(InterruptTimerTest, NeededOnlyByFaultsWithATime) {
  FaultPlan plan;
  EXPECT_FALSE(InterruptTimer::Needed(plan));
  plan.ipis.push_back({IpiFault::Kind::kDrop, 0, 1, 0});
  plan.kick_window = true;
  plan.devices.push_back({0, 0, 5, DeviceInterrupt::Point::kQueuedNotKicked, 1});
  EXPECT_FALSE(InterruptTimer::Needed(plan));
  FaultPlan delay;
  delay.ipis.push_back({IpiFault::Kind::kDelay, 0, 1, 10});
  EXPECT_TRUE(InterruptTimer::Needed(delay));
  FaultPlan device;
  device.devices.push_back({0, 0, 5, DeviceInterrupt::Point::kAnywhere, 1});
  EXPECT_TRUE(InterruptTimer::Needed(device));
}

TEST(InterruptTimerTest, ScheduledIpiRingsNotBeforeItsTime) {
  Counts counts;
  InterruptTimer timer(FaultPlan{}, 1, counts.Actions());
  timer.Start(RealtimeCalls::Kernel(), false);
  const Clock::time_point before = Clock::now();
  ASSERT_TRUE(timer.ScheduleIpi(3, 5'000'000));
  Counts::Await(counts.ipis, 1);
  // Due times are kept in whole microseconds.
  EXPECT_GE(Clock::now() - before, std::chrono::nanoseconds(4'999'000));
  EXPECT_EQ(counts.last_argument, 3u);
  timer.Stop();
  EXPECT_EQ(counts.ipis, 1u);
}

TEST(InterruptTimerTest, EarlierIpiOvertakesALaterOne) {
  Counts counts;
  InterruptTimer timer(FaultPlan{}, 1, counts.Actions());
  timer.Start(RealtimeCalls::Kernel(), false);
  ASSERT_TRUE(timer.ScheduleIpi(1, 3'600'000'000'000));
  ASSERT_TRUE(timer.ScheduleIpi(2, 1'000));
  Counts::Await(counts.ipis, 1);
  EXPECT_EQ(counts.last_argument, 2u);
  timer.Stop();
  EXPECT_EQ(counts.ipis, 1u);
}

TEST(InterruptTimerTest, TooManyIpisOnTheirWayAreRefused) {
  Counts counts;
  InterruptTimer timer(FaultPlan{}, 1, counts.Actions());
  u32 accepted = 0;
  while (timer.ScheduleIpi(0, 3'600'000'000'000)) ++accepted;
  EXPECT_EQ(accepted, 256u);
}

TEST(InterruptTimerTest, DevicesAreRaisedExactlyTheirTimes) {
  FaultPlan plan;
  plan.devices.push_back({0, 9, 5, DeviceInterrupt::Point::kAnywhere, 1'000});
  plan.devices.push_back({1, 4, 100, DeviceInterrupt::Point::kAnywhere, 1'000});
  Counts counts;
  InterruptTimer timer(plan, 1, counts.Actions());
  timer.Start(RealtimeCalls::Kernel(), false);
  Counts::Await(counts.devices, 105);
  timer.Stop();
  EXPECT_EQ(counts.devices, 105u);
}

TEST(InterruptTimerTest, StallIsRequestedOnceWithItsSpan) {
  FaultPlan plan;
  plan.deschedules.push_back({0, 1234, DescheduleFault::Point::kAnywhere, 0});
  Counts counts;
  InterruptTimer timer(plan, 1, counts.Actions());
  timer.Start(RealtimeCalls::Kernel(), false);
  Counts::Await(counts.stalls, 1);
  EXPECT_EQ(counts.last_argument, 1234u);
  timer.Stop();
  EXPECT_EQ(counts.stalls, 1u);
}

TEST(InterruptTimerTest, StoppingWithoutStartIsHarmless) {
  Counts counts;
  InterruptTimer timer(FaultPlan{}, 1, counts.Actions());
  timer.Stop();
  EXPECT_EQ(counts.ipis, 0u);
}

}  // namespace
}  // namespace crosscall::ports
