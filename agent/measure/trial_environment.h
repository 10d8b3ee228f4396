// What the interpreter asks of the runner (scenario::Environment): the clock's scale, idling as the target state says,
// and the instants at which paced calls start.
//
// Thread-safe: each CPU uses its own pacer. Neither allocates nor, except to be idle, calls the system.
#ifndef AGENT_MEASURE_TRIAL_ENVIRONMENT_H_
#define AGENT_MEASURE_TRIAL_ENVIRONMENT_H_

#include <cstdint>
#include <vector>

#include "agent/core/types.h"
#include "agent/measure/idler.h"
#include "agent/measure/pacing.h"
#include "agent/ports/signal_port.h"
#include "agent/scenario/environment.h"

namespace crosscall::measure {

class TrialEnvironment {
 public:
  // `interval_ticks` 0: closed loop. The pacers keep the starts of one batch.
  TrialEnvironment(ports::SignalPort& port, const Idler& idler, std::uint32_t cpus, std::uint64_t interval_ticks,
                   std::uint32_t ring_size)
      : port_(port), idler_(idler), pacers_(cpus) {
    // Each call makes at least two stamps, so a batch that fits the ring has no more calls than this.
    for (PacedCpu& paced : pacers_) paced.pacer = Pacer(interval_ticks, ring_size / 2);
  }

  core::u64 TicksFromNanos(core::u64 nanos) const { return port_.NanosToTicks(nanos); }
  void IdleFor(core::u64 nanos) { idler_.IdleFor(nanos); }
  core::u64 BeforeCall(core::CpuId cpu) {
    return pacers_[cpu].pacer.WaitForStart([this] { return port_.Now(); }, [this] { port_.Pause(); });
  }
  // Latency is told from the stamps and the intended start that the pacer keeps.
  void AfterCall(core::CpuId, core::u64, core::Result) {}
  void AtOperation(core::CpuId, const scenario::Position&) {}

  Pacer& pacer(core::CpuId cpu) { return pacers_[cpu].pacer; }

 private:
  struct alignas(core::kCacheLine) PacedCpu {
    Pacer pacer{0, 0};
  };

  ports::SignalPort& port_;
  const Idler& idler_;
  std::vector<PacedCpu> pacers_;
};

static_assert(scenario::Environment<TrialEnvironment>);

}  // namespace crosscall::measure

#endif  // AGENT_MEASURE_TRIAL_ENVIRONMENT_H_
