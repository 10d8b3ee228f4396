#include "agent/ports/fault_injector.h"

#include "absl/strings/str_cat.h"
#include "proto/shared/random.h"

namespace crosscall::ports {
namespace {

using core::CpuId;
using core::u32;
using core::u64;

// The widest that kick_window makes the gap: about one signal delivery, so that one may well fall into it.
constexpr u64 kKickWindowNanos = 5'000;

absl::Status CheckCpu(const char* what, CpuId cpu, u32 cpu_count) {
  if (cpu < cpu_count) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(what, " names CPU ", cpu, ", but the scenario has CPUs 0 to ", cpu_count - 1));
}

}  // namespace

absl::Status CheckFaultPlan(const FaultPlan& plan, u32 cpu_count) {
  absl::Status status;
  for (const IpiFault& fault : plan.ipis) status.Update(CheckCpu("an IPI fault", fault.cpu, cpu_count));
  for (const DescheduleFault& fault : plan.deschedules) status.Update(CheckCpu("deschedule", fault.cpu, cpu_count));
  for (const AllocFault& fault : plan.allocs) status.Update(CheckCpu("alloc_fail", fault.cpu, cpu_count));
  for (const CpuId cpu : plan.mutate_masks) status.Update(CheckCpu("mutate_mask", cpu, cpu_count));
  for (const DeviceInterrupt& device : plan.devices) {
    status.Update(CheckCpu("a device interrupt", device.cpu, cpu_count));
    if (device.index > DeviceInterrupt::kMaxIndex) {
      status.Update(absl::InvalidArgumentError(absl::StrCat("device interrupt ", device.index, ": at most ",
                                                            DeviceInterrupt::kMaxIndex + 1, " are possible")));
    }
  }
  return status;
}

FaultInjector::FaultInjector(const FaultPlan& plan, u32 cpu_count, u64 seed)
    : kick_window_(plan.kick_window), cpu_count_(cpu_count), cpus_(new Cpu[cpu_count]) {
  for (const IpiFault& fault : plan.ipis) cpus_[fault.cpu].ipis.push_back(fault);
  for (const AllocFault& fault : plan.allocs) cpus_[fault.cpu].alloc_failures.push_back(fault.nth);
  for (const CpuId cpu : plan.mutate_masks) cpus_[cpu].mutates_mask = true;
  for (const DescheduleFault& fault : plan.deschedules) {
    Cpu& cpu = cpus_[fault.cpu];
    cpu.stalls.push_back(fault);
    if (fault.point == DescheduleFault::Point::kQueuedNotKicked) cpu.strikes_gap = true;
  }
  for (const DeviceInterrupt& device : plan.devices) {
    if (device.point != DeviceInterrupt::Point::kQueuedNotKicked) continue;
    cpus_[device.cpu].gap_devices.push_back({device.index, device.times});
    cpus_[device.cpu].strikes_gap = true;
  }
  for (CpuId cpu = 0; cpu < cpu_count; ++cpu) {
    cpus_[cpu].random = seed + cpu;
    cpus_[cpu].random = shared::NextRandom(cpus_[cpu].random);
    if (kick_window_) cpus_[cpu].strikes_gap = true;
  }
}

FaultInjector::Kick FaultInjector::OnKick(CpuId target) {
  Cpu& cpu = cpus_[target];
  // Relaxed: only the count matters, each sender gets its own number.
  const u64 number = cpu.kicks.fetch_add(1, std::memory_order_relaxed) + 1;
  Kick kick;
  for (const IpiFault& fault : cpu.ipis) {
    if (fault.nth != 0 && fault.nth != number) continue;
    switch (fault.kind) {
      case IpiFault::Kind::kDrop:
        kick.lost = true;
        break;
      case IpiFault::Kind::kDuplicate:
        kick.duplicated = true;
        break;
      case IpiFault::Kind::kDelay:
        kick.delay_nanos += fault.delay_nanos;
        break;
    }
  }
  return kick;
}

u64 FaultInjector::StallAt(CpuId me, DescheduleFault::Point point) {
  Cpu& cpu = cpus_[me];
  if (cpu.stalls.empty()) return 0;
  const u64 passage = point == DescheduleFault::Point::kHandlerEntry ? ++cpu.handler_entries : ++cpu.kick_gaps;
  u64 nanos = 0;
  for (const DescheduleFault& fault : cpu.stalls) {
    const u64 nth = fault.nth == 0 ? 1 : fault.nth;
    if (fault.point == point && nth == passage) nanos += fault.span_nanos;
  }
  return nanos;
}

bool FaultInjector::AllocFails(CpuId me) {
  Cpu& cpu = cpus_[me];
  if (cpu.alloc_failures.empty()) return false;
  const u64 number = ++cpu.allocs;
  for (const u64 nth : cpu.alloc_failures) {
    if (nth == number) return true;
  }
  return false;
}

u64 FaultInjector::DevicesInKickGap(CpuId me) {
  u64 raised = 0;
  for (GapDevice& device : cpus_[me].gap_devices) {
    if (device.left == 0) continue;
    --device.left;
    raised |= u64{1} << device.index;
  }
  return raised;
}

u64 FaultInjector::KickGapNanos(CpuId me) { return kick_window_ ? Random(cpus_[me]) % (kKickWindowNanos + 1) : 0; }

void FaultInjector::MutateMask(CpuId me, core::CpuSet& set) {
  if (!cpus_[me].mutates_mask) return;
  const CpuId changed = static_cast<CpuId>(Random(cpus_[me]) % cpu_count_);
  if (set.Has(changed)) {
    set.Remove(changed);
  } else {
    set.Add(changed);
  }
}

u64 FaultInjector::Random(Cpu& cpu) { return shared::NextRandom(cpu.random); }

}  // namespace crosscall::ports
