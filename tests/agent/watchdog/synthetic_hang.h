// Evidence written by hand: a healthy machine to which a test adds what went wrong.
#ifndef TESTS_AGENT_WATCHDOG_SYNTHETIC_HANG_H_
#define TESTS_AGENT_WATCHDOG_SYNTHETIC_HANG_H_

#include <cstdint>
#include <functional>

#include "agent/watchdog/evidence.h"

namespace crosscall::watchdog {

inline constexpr std::uint32_t kIpiSignal = 34;
inline constexpr std::uint64_t kIpiBit = std::uint64_t{1} << (kIpiSignal - 1);

inline FrameLook CallFrame(std::uint32_t caller, std::uint64_t sequence, std::uint32_t target,
                           core::CallPhase phase = core::CallPhase::kKicked) {
  return {core::FrameKind::kCall, phase, target, core::CallId(caller, sequence)};
}
inline FrameLook HandlerFrame() { return {core::FrameKind::kHandler, core::CallPhase::kNone, kSeveralCpus, 0}; }
inline FrameLook DeviceFrame() { return {core::FrameKind::kDevice, core::CallPhase::kNone, kSeveralCpus, 0}; }
inline FrameLook FunctionFrame(std::uint32_t caller, std::uint64_t sequence) {
  return {core::FrameKind::kFunction, core::CallPhase::kNone, kSeveralCpus, core::CallId(caller, sequence)};
}

// Every CPU's thread runs; nobody calls. `cpus` CPUs, `locks` locks of the program.
class SyntheticHang {
 public:
  explicit SyntheticHang(std::uint32_t cpus, std::uint32_t locks = 1) {
    evidence_.deadline = absl::Milliseconds(100);
    evidence_.detection = absl::Milliseconds(5);
    evidence_.gap = absl::Seconds(1);
    evidence_.waited.assign(cpus, absl::ZeroDuration());
    for (std::uint32_t lock = 0; lock < locks; ++lock) evidence_.lock_names.push_back("L" + std::to_string(lock));
    for (Look* look : {&evidence_.first, &evidence_.second}) {
      look->ipi_signal = kIpiSignal;
      look->cpus.resize(cpus);
      look->lock_holders.resize(locks + 1);
      for (std::uint32_t cpu = 0; cpu < cpus; ++cpu) {
        look->cpus[cpu].thread_id = 100 + cpu;
        look->cpus[cpu].board_cpu = cpu;
        look->cpus[cpu].thread.exists = true;
        look->cpus[cpu].thread.state = 'R';
      }
    }
    for (CpuLook& cpu : evidence_.second.cpus) cpu.thread.ran_nanos = 1'000'000'000;
  }

  // Changes the CPU in both looks.
  SyntheticHang& On(std::uint32_t cpu, const std::function<void(CpuLook&)>& change) {
    change(evidence_.first.cpus[cpu]);
    change(evidence_.second.cpus[cpu]);
    return *this;
  }
  // `cpu` has waited since before the deadline for completion of its call to `targets`.
  SyntheticHang& WaitsForCompletion(std::uint32_t cpu, std::uint64_t sequence, std::vector<std::uint32_t> targets) {
    On(cpu, [&](CpuLook& look) {
      look.site = core::Site::kCompletion;
      look.wait_call = core::CallId(cpu, sequence);
      look.wait_cpus = targets;
      look.frames.push_back(CallFrame(cpu, sequence, targets.size() == 1 ? targets[0] : kSeveralCpus));
      look.calls_started = sequence;
    });
    return Overdue(cpu);
  }
  // `cpu` has waited for a lock; index 0 is the call lock.
  SyntheticHang& WaitsForLock(std::uint32_t cpu, std::uint32_t lock) {
    On(cpu, [&](CpuLook& look) {
      look.site = lock == 0 ? core::Site::kOwn : core::Site::kLock;
      look.wait_lock = lock;
    });
    evidence_.waited[cpu] = absl::Milliseconds(105);
    return *this;
  }
  SyntheticHang& Overdue(std::uint32_t cpu, absl::Duration waited = absl::Milliseconds(105)) {
    evidence_.waited[cpu] = waited;
    evidence_.overdue.push_back({cpu, waited});
    return *this;
  }
  SyntheticHang& Holds(std::uint32_t cpu, std::uint32_t lock) {
    evidence_.first.lock_holders[lock] = cpu;
    evidence_.second.lock_holders[lock] = cpu;
    return *this;
  }
  // Interrupts masked, under the irq model that bars IPIs too.
  SyntheticHang& Masked(std::uint32_t cpu) {
    return On(cpu, [](CpuLook& look) {
      look.irqs_masked = true;
      look.ipis_barred = true;
      look.thread.blocked = kIpiBit;
    });
  }
  // One request in its queue, kicked and not taken.
  SyntheticHang& Queued(std::uint32_t cpu) {
    return On(cpu, [](CpuLook& look) {
      look.requests_published = 8;
      look.requests_taken = 7;
      look.kicks_received = 8;
      look.ipi_entries = 7;
      look.last_ipi_entry = 700;
      look.last_kick = 800;
    });
  }
  SyntheticHang& Latched(std::uint32_t cpu) {
    return On(cpu, [](CpuLook& look) { look.thread.pending = kIpiBit; });
  }

  Evidence& evidence() { return evidence_; }

 private:
  Evidence evidence_;
};

}  // namespace crosscall::watchdog

#endif  // TESTS_AGENT_WATCHDOG_SYNTHETIC_HANG_H_
