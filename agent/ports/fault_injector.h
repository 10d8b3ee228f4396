// Decides when the faults of a plan strike, by counting and by seeded chance; whoever asks carries the decision out.
//
// Thread safety: OnKick may be called on any CPU; every other member only on the CPU it names, also from its handlers.
// All are async-signal-safe: no allocation, no lock.
#ifndef AGENT_PORTS_FAULT_INJECTOR_H_
#define AGENT_PORTS_FAULT_INJECTOR_H_

#include <atomic>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "agent/core/cpu_set.h"
#include "agent/ports/faults.h"

namespace crosscall::ports {

// INVALID_ARGUMENT if the plan names a CPU or a device index that does not exist.
absl::Status CheckFaultPlan(const FaultPlan& plan, core::u32 cpu_count);

class FaultInjector {
 public:
  // `plan` has passed CheckFaultPlan.
  FaultInjector(const FaultPlan& plan, core::u32 cpu_count, core::u64 seed);

  // What happens to one IPI. A duplicated and delayed one is delayed and comes twice.
  struct Kick {
    bool lost = false;
    bool duplicated = false;
    core::u64 delay_nanos = 0;
  };
  Kick OnKick(core::CpuId target);

  // How long `me` stops now that it passes `point`; mostly 0.
  core::u64 StallAt(core::CpuId me, DescheduleFault::Point point);
  // True if this allocation is to fail.
  bool AllocFails(core::CpuId me);
  // Device interrupts to raise between publish and kick, as bits of their indexes; spends their budgets.
  core::u64 DevicesInKickGap(core::CpuId me);
  // How much longer the gap between publish and kick takes.
  core::u64 KickGapNanos(core::CpuId me);
  // Changes the mask of a CPU that the plan names: one random member comes or goes.
  void MutateMask(core::CpuId me, core::CpuSet& set);

  // False if the answers for this CPU never change anything, so that the fast path need not ask.
  bool StrikesKicks(core::CpuId target) const { return !cpus_[target].ipis.empty(); }
  bool StrikesKickGap(core::CpuId me) const { return cpus_[me].strikes_gap; }

 private:
  struct GapDevice {
    core::u32 index;
    core::u64 left;
  };
  struct alignas(core::kCacheLine) Cpu {
    std::vector<IpiFault> ipis;
    std::vector<DescheduleFault> stalls;
    std::vector<core::u64> alloc_failures;
    std::vector<GapDevice> gap_devices;
    bool mutates_mask = false;
    bool strikes_gap = false;
    core::u64 handler_entries = 0;
    core::u64 kick_gaps = 0;
    core::u64 allocs = 0;
    core::u64 random = 0;
    std::atomic<core::u64> kicks{0};  // counted by the senders
  };

  core::u64 Random(Cpu& cpu);

  bool kick_window_;
  core::u32 cpu_count_;
  std::unique_ptr<Cpu[]> cpus_;
};

}  // namespace crosscall::ports

#endif  // AGENT_PORTS_FAULT_INJECTOR_H_
