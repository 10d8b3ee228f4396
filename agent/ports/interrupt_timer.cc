#include "agent/ports/interrupt_timer.h"
#include "proto/shared/random.h"

#include <csignal>
#include <ctime>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace crosscall::ports {
namespace {

using core::CpuId;
using core::u64;

constexpr u64 kNanosPerSecond = 1'000'000'000;
constexpr u64 kNever = ~u64{0};
// A stall "anywhere" begins within this span of the start.
constexpr u64 kStallWithinNanos = 200'000;
constexpr u64 kCpuBits = 16;
constexpr u64 kCpuMask = (u64{1} << kCpuBits) - 1;

u64 NowNanos() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<u64>(now.tv_sec) * kNanosPerSecond + static_cast<u64>(now.tv_nsec);
}

}  // namespace

bool InterruptTimer::Needed(const FaultPlan& plan) {
  return std::any_of(plan.ipis.begin(), plan.ipis.end(),
                     [](const IpiFault& fault) { return fault.kind != IpiFault::Kind::kDrop; }) ||
         std::any_of(plan.devices.begin(), plan.devices.end(),
                     [](const DeviceInterrupt& device) {
                       return device.point == DeviceInterrupt::Point::kAnywhere && device.times != 0;
                     }) ||
         std::any_of(plan.deschedules.begin(), plan.deschedules.end(),
                     [](const DescheduleFault& fault) { return fault.point == DescheduleFault::Point::kAnywhere; });
}

InterruptTimer::InterruptTimer(const FaultPlan& plan, u64 seed, Actions actions)
    : actions_(std::move(actions)), random_(seed) {
  sem_init(&wake_, 0, 0);
  for (const DeviceInterrupt& device : plan.devices) {
    if (device.point == DeviceInterrupt::Point::kAnywhere) devices_.push_back({device, 0, device.times});
  }
  for (const DescheduleFault& fault : plan.deschedules) {
    if (fault.point == DescheduleFault::Point::kAnywhere) stalls_.push_back({fault.cpu, fault.span_nanos, 0});
  }
}

InterruptTimer::~InterruptTimer() {
  Stop();
  sem_destroy(&wake_);
}

void InterruptTimer::Start(const RealtimeCalls& calls, bool realtime) {
  thread_ = std::thread([this, calls, realtime] {
    // Signals of the process are for others.
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    ObtainScheduling(calls, realtime ? kTimerPriority : 0);
    ready_.release();
    started_.acquire();
    Run();
  });
  ready_.acquire();
  const u64 start = NowNanos();
  for (Device& device : devices_) device.due_nanos = start + GapNanos(device.interrupt);
  for (Stall& stall : stalls_) stall.due_nanos = start + shared::NextRandom(random_) % kStallWithinNanos;
  started_.release();
}

void InterruptTimer::Stop() {
  if (!thread_.joinable()) return;
  // Release: whoever sees the flag sees what its setter did before.
  stopping_.store(true, std::memory_order_release);
  sem_post(&wake_);
  thread_.join();
}

bool InterruptTimer::ScheduleIpi(CpuId target, u64 delay_nanos) {
  const u64 due_micros = (NowNanos() + delay_nanos) / 1000;
  const u64 word = due_micros << kCpuBits | (u64{target} + 1);
  for (std::atomic<u64>& slot : scheduled_) {
    u64 empty = 0;
    // Release: the helper rings for what its scheduler stored before; relaxed: a look that finds it full concludes
    // nothing.
    if (slot.compare_exchange_strong(empty, word, std::memory_order_release, std::memory_order_relaxed)) {
      sem_post(&wake_);
      return true;
    }
  }
  return false;
}

void InterruptTimer::Run() {
  while (!stopping_.load(std::memory_order_acquire)) {
    const u64 now = NowNanos();
    const u64 next = std::min({RunIpis(now), RunDevices(now), RunStalls(now)});
    if (next == kNever) {
      while (sem_wait(&wake_) != 0 && errno == EINTR) {
      }
      continue;
    }
    const timespec until{static_cast<time_t>(next / kNanosPerSecond), static_cast<long>(next % kNanosPerSecond)};
    while (sem_clockwait(&wake_, CLOCK_MONOTONIC, &until) != 0 && errno == EINTR) {
    }
  }
}

u64 InterruptTimer::RunIpis(u64 now) {
  u64 next = kNever;
  for (std::atomic<u64>& slot : scheduled_) {
    // Acquire: pairs with ScheduleIpi.
    const u64 word = slot.load(std::memory_order_acquire);
    if (word == 0) continue;
    const u64 due_nanos = (word >> kCpuBits) * 1000;
    if (due_nanos > now) {
      next = std::min(next, due_nanos);
      continue;
    }
    // Freed before the doorbell: only this thread frees, so the word cannot have changed.
    slot.store(0, std::memory_order_relaxed);
    actions_.ring_ipi(static_cast<CpuId>((word & kCpuMask) - 1));
  }
  return next;
}

u64 InterruptTimer::RunDevices(u64 now) {
  u64 next = kNever;
  for (Device& device : devices_) {
    if (device.left == 0) continue;
    if (device.due_nanos <= now) {
      --device.left;
      device.due_nanos = now + GapNanos(device.interrupt);
      actions_.raise_device(device.interrupt.cpu, device.interrupt.index);
    }
    if (device.left != 0) next = std::min(next, device.due_nanos);
  }
  return next;
}

u64 InterruptTimer::RunStalls(u64 now) {
  u64 next = kNever;
  for (Stall& stall : stalls_) {
    if (stall.due_nanos == kNever) continue;
    if (stall.due_nanos <= now) {
      stall.due_nanos = kNever;
      actions_.stall(stall.cpu, stall.span_nanos);
    } else {
      next = std::min(next, stall.due_nanos);
    }
  }
  return next;
}

// Uniform from 0 to twice the mean.
u64 InterruptTimer::GapNanos(const DeviceInterrupt& interrupt) {
  return shared::NextRandom(random_) % (2 * interrupt.mean_gap_nanos + 1);
}

}  // namespace crosscall::ports
