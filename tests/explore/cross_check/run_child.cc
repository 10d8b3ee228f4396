#include "tests/explore/cross_check/run_child.h"

#include <array>
#include <cstdio>

#include <memory>
#include <utility>

#include "agent/core/account.h"
#include "agent/measure/fault_plan.h"
#include "agent/ports/signal_port.h"
#include "tests/explore/cross_check/delayed_machine.h"

namespace crosscall::cross_check {
namespace {

using core::Peek;
using core::Poke;

// A run takes microseconds; device interrupts that come at random are to come during it.
constexpr u64 kDeviceGapNanos = 15'000;

void HandleIpi(void* machine) { static_cast<DelayedMachine*>(machine)->OnIpi(); }
void HandleDevice(void* machine, u32 index) { static_cast<DelayedMachine*>(machine)->OnDevice(index); }

ports::SignalPort::Options PortOptions(const RunSpec& spec) {
  ports::SignalPort::Options options;
  options.irq_model = spec.implementation.irq_model;
  options.board_cpus = spec.board_cpus;
  options.realtime = false;
  options.faults = measure::FaultPlanOf(spec.scenario);
  for (ports::DeviceInterrupt& device : options.faults.devices) device.mean_gap_nanos = kDeviceGapNanos;
  options.seed = spec.seed;
  return options;
}

// What one CPU does: its program, and then nothing until nobody needs it.
class Body {
 public:
  Body(ports::FlightRegion& region, DelayedPort& port, DelayedMachine& machine, Delays& delays)
      : region_(region), port_(port), machine_(machine), delays_(delays) {}

  void Run(CpuId cpu) {
    delays_.Enter(cpu);
    MeetOthers();
    Delays::AtPoint();  // the first one: CPUs may well start apart
    refused_[cpu] = machine_.RunRound().refused;
    Poke(port_.state().finished, 1);
    AwaitQuiet();
  }
  u64 refused() const {
    u64 sum = 0;
    for (const u64 refused : refused_) sum += refused;
    return sum;
  }

 private:
  // A thread is woken much later than another runs through its program; without this, CPU 1 would hardly ever be first.
  void MeetOthers() {
    // Relaxed: only so that they start together.
    met_.fetch_add(1, std::memory_order_relaxed);
    while (met_.load(std::memory_order_relaxed) < region_.cpu_count()) port_.below().Pause();
  }

  // A CPU whose program has ended idles with interrupts open. It shows itself at a site, as all waits do, and counts
  // its looks, so that an observer can tell that it runs.
  void AwaitQuiet() {
    core::CpuState& state = port_.state();
    Poke(state.wait_call, 0);
    Poke(state.wait_for, core::kNoCpu);
    Poke(state.site, static_cast<u64>(core::Site::kBarrier));
    while (!Quiet()) {
      core::Bump(state.heartbeat);
      port_.Pause();
    }
    Poke(state.site, static_cast<u64>(core::Site::kNone));
  }
  // Every program has ended and every request is served.
  bool Quiet() const {
    for (CpuId cpu = 0; cpu < region_.cpu_count(); ++cpu) {
      const core::CpuState& state = region_.cpu(cpu);
      if (Peek(state.finished) == 0 || Peek(state.frame_count) != 0) return false;
      if (Peek(state.requests_taken) != Peek(state.requests_published)) return false;
    }
    return true;
  }

  ports::FlightRegion& region_;
  DelayedPort& port_;
  DelayedMachine& machine_;
  Delays& delays_;
  std::atomic<u32> met_{0};
  std::array<u64, kMaxCpus> refused_ = {};
};

void Report(const DelayedMachine& machine, u32 cpus, RunReport& report) {
  for (CpuId cpu = 0; cpu < cpus; ++cpu) {
    report.refused += machine.refused_later(cpu);
    const scenario::ViolationReport& violation = machine.violations(cpu);
    if (violation.count == 0) continue;
    if (report.violations == 0) {
      std::snprintf(report.violation, sizeof report.violation, "%s (on CPU %u, call of CPU %u, line %u)",
                    scenario::ViolationText(violation.kind), violation.cpu, violation.caller, violation.line);
    }
    report.violations += violation.count;
  }
}

}  // namespace

absl::Status CarryOut(const RunSpec& spec, ports::FlightRegion& region, RunReport& report) {
  ports::SignalPort::Options options = PortOptions(spec);
  KickGaps gaps(options.faults, spec.seed);
  absl::StatusOr<std::unique_ptr<ports::SignalPort>> created = ports::SignalPort::Create(std::move(options), region);
  if (!created.ok()) return created.status();
  DelayedPort port(**created, gaps);
  const std::unique_ptr<DelayedMachine> machine = MakeDelayedMachine(spec.implementation, port, spec.compiled.view());
  const u32 cpus = region.cpu_count();
  Delays delays(MakeDelayPlan(spec.seed, cpus, spec.horizon), spec.seed, cpus);
  Body body(region, port, *machine, delays);
  port.below().SetHandlers(&HandleIpi, &HandleDevice, machine.get());
  Poke(region.header().trial_started, port.Now());
  if (absl::Status status = port.below().Start([&body](CpuId cpu) { body.Run(cpu); }); !status.ok()) return status;
  port.below().Join();
  report.refused = body.refused();
  Report(*machine, cpus, report);
  // Release: who sees it sees the rest of the report.
  report.ended.store(1, std::memory_order_release);
  return absl::OkStatus();
}

}  // namespace crosscall::cross_check
