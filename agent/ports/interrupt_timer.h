// A helper thread that lets interrupts happen at their time: delayed and duplicated IPIs, device interrupts at random
// moments, and a CPU's stall "anywhere". It sleeps until the next is due and exists only if a plan needs it.
//
// Thread safety: ScheduleIpi may be called on any thread and in signal handlers; Start and Stop by the owner only.
#ifndef AGENT_PORTS_INTERRUPT_TIMER_H_
#define AGENT_PORTS_INTERRUPT_TIMER_H_

#include <semaphore.h>

#include <array>
#include <atomic>
#include <functional>
#include <semaphore>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "agent/ports/faults.h"
#include "agent/ports/realtime.h"

namespace crosscall::ports {

class InterruptTimer {
 public:
  // What is done when something is due; called on the helper thread.
  struct Actions {
    std::function<void(core::CpuId)> ring_ipi;
    std::function<void(core::CpuId, core::u32 index)> raise_device;
    std::function<void(core::CpuId, core::u64 span_nanos)> stall;
  };

  static bool Needed(const FaultPlan& plan);

  InterruptTimer(const FaultPlan& plan, core::u64 seed, Actions actions);
  ~InterruptTimer();
  InterruptTimer(const InterruptTimer&) = delete;
  InterruptTimer& operator=(const InterruptTimer&) = delete;

  // Returns once the thread has its priority and waits; times count from here. `calls` asks for real time at
  // kTimerPriority if `realtime`; a refusal is harmless, the CPUs' own one is reported.
  void Start(const RealtimeCalls& calls, bool realtime);
  // What is not due yet never happens. Returns when the thread has ended; harmless if it never started.
  void Stop();

  // Rings the target's doorbell after the span. False if too many are on their way: then the caller rings at once.
  bool ScheduleIpi(core::CpuId target, core::u64 delay_nanos);

 private:
  // IPIs on their way at one moment; a latch merges, so more say little.
  static constexpr core::usize kMaxScheduled = 256;

  struct Device {
    DeviceInterrupt interrupt;
    core::u64 due_nanos;
    core::u64 left;
  };
  struct Stall {
    core::CpuId cpu;
    core::u64 span_nanos;
    core::u64 due_nanos;
  };

  void Run();
  // Each does what is due at `now` and returns when its next is, or ~0.
  core::u64 RunIpis(core::u64 now);
  core::u64 RunDevices(core::u64 now);
  core::u64 RunStalls(core::u64 now);
  core::u64 GapNanos(const DeviceInterrupt& interrupt);

  Actions actions_;
  core::u64 random_;
  std::vector<Device> devices_;
  std::vector<Stall> stalls_;
  // Due time (microseconds of CLOCK_MONOTONIC) << 16 | CPU + 1, or 0. One word, so that a handler can post it.
  std::array<std::atomic<core::u64>, kMaxScheduled> scheduled_{};
  std::binary_semaphore ready_{0};    // the thread has its priority
  std::binary_semaphore started_{0};  // times are set
  std::atomic<bool> stopping_{false};
  sem_t wake_;
  std::thread thread_;
};

}  // namespace crosscall::ports

#endif  // AGENT_PORTS_INTERRUPT_TIMER_H_
