// The interpreter's own synchronisation on real threads: what barrier and gate order is not ordered by anything else,
// so ThreadSanitizer sees a missing memory order as a race on plain data.
#include <gtest/gtest.h>

#include <functional>
#include <thread>
#include <vector>

#include "agent/core/port.h"
#include "agent/ports/atomics.h"
#include "agent/scenario/barrier.h"
#include "agent/scenario/online_gate.h"

namespace crosscall::scenario {
namespace {

constexpr core::u32 kThreads = 3;
thread_local core::CpuId t_cpu = 0;

// CPUs that are plain threads and take no interrupts.
class ThreadPort {
 public:
  template <class T>
  using Atomic = ports::HardwareAtomic<T>;
  template <class T>
  using Plain = ports::HardwarePlain<T>;
  using SpinLock = ports::HardwareSpinLock;

  core::u32 cpu_count() const { return kThreads; }
  core::CpuId Me() const { return t_cpu; }
  core::u32 Bar() { return 0; }
  void Unbar(core::u32) {}
  bool IrqsMasked() const { return false; }
  void MaskIrqs() {}
  void OpenIrqs() {}
  void Window() {}
  void SendIpis(const core::CpuSet&) {}
  void Ack() {}
  void BeginWait() {}
  void BeginLook() {}
  void Pause() { std::this_thread::yield(); }
  bool AllocFails() { return false; }
  void KickGap(const core::CpuSet&) {}
  void MutateMask(core::CpuSet&) {}
  core::u64 Now() const { return 0; }
  core::CpuState& state() { return states_[t_cpu]; }
  core::CpuState& state_of(core::CpuId cpu) { return states_[cpu]; }
  core::LockState& lock_state(core::u32) { return lock_; }
  void StampStage(core::Stage, core::u64, core::CpuId, core::u32) {}
  void StampAgain(core::Stage, core::u64, core::CpuId, core::u32) {}

 private:
  core::CpuState states_[kThreads] = {};
  core::LockState lock_ = {};
};
static_assert(core::Port<ThreadPort>);

void OnAllCpus(const std::function<void(core::CpuId)>& body) {
  std::vector<std::thread> threads;
  for (core::CpuId cpu = 0; cpu < kThreads; ++cpu) {
    threads.emplace_back([&body, cpu] {
      t_cpu = cpu;
      body(cpu);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(BarrierTest, WhatWasWrittenBeforeIsSeenBehind) {
  constexpr core::u64 kPhases = 500;
  ThreadPort port;
  Barrier<ThreadPort> barrier;
  core::u64 written[kThreads] = {};
  core::u64 wrong[kThreads] = {};
  OnAllCpus([&](core::CpuId cpu) {
    for (core::u64 phase = 1; phase <= kPhases; ++phase) {
      written[cpu] = phase;
      barrier.Meet(port, kThreads, 0);
      for (const core::u64 value : written) wrong[cpu] += value != phase ? 1 : 0;
      barrier.Meet(port, kThreads, 0);
    }
  });
  for (const core::u64 count : wrong) EXPECT_EQ(count, 0u);
  EXPECT_EQ(port.state_of(0).site, static_cast<core::u64>(core::Site::kNone));
}

TEST(OnlineGateTest, ChangesExcludeHoldersAndEachOther) {
  constexpr core::u64 kChanges = 500;
  ThreadPort port;
  OnlineGate<ThreadPort> gate;
  core::u64 here[kThreads] = {};
  core::u64 set = 0;  // plain: only the gate orders it
  core::u64 moved[kThreads] = {};
  OnAllCpus([&](core::CpuId cpu) {
    for (core::u64 i = 0; i < kChanges; ++i) {
      gate.Change(port, here[cpu], [&] { ++set; });
      gate.Hold(port, here[cpu], [&] {
        const core::u64 before = set;
        port.Pause();
        moved[cpu] += set != before ? 1 : 0;
      });
    }
  });
  EXPECT_EQ(set, kThreads * kChanges);
  for (const core::u64 count : moved) EXPECT_EQ(count, 0u);
}

TEST(OnlineGateTest, FunctionsDrainedWhileTheirCpuChangesMayQueue) {
  ThreadPort port;
  OnlineGate<ThreadPort> gate;
  core::u64 here = 0;
  bool queued = false;
  gate.Change(port, here, [&] { gate.Hold(port, here, [&] { queued = true; }); });
  EXPECT_TRUE(queued);
  EXPECT_EQ(here, 0u);
}

}  // namespace
}  // namespace crosscall::scenario
