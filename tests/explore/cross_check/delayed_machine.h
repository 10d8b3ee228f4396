// One implementation on real, delayed CPUs, with a scenario's programs: what the explorer's subject is on modelled
// ones.
#ifndef TESTS_EXPLORE_CROSS_CHECK_DELAYED_MACHINE_H_
#define TESTS_EXPLORE_CROSS_CHECK_DELAYED_MACHINE_H_

#include <memory>

#include "agent/core/implementation.h"
#include "agent/ports/signal_port.h"
#include "agent/scenario/ops.h"
#include "agent/scenario/violation.h"
#include "tests/explore/cross_check/delaying_port.h"
#include "tests/explore/cross_check/delays.h"
#include "tests/explore/cross_check/kick_gaps.h"

namespace crosscall::cross_check {

using DelayedPort = DelayingPort<ports::SignalPort, Delays, KickGaps>;
static_assert(core::Port<DelayedPort>);

// Thread safety: RunRound on each CPU's thread, OnIpi and OnDevice in its handlers; the rest after the run.
class DelayedMachine {
 public:
  virtual ~DelayedMachine() = default;

  virtual scenario::RoundCounts RunRound() = 0;
  virtual void OnIpi() = 0;
  virtual void OnDevice(u32 index) = 0;
  virtual const scenario::ViolationReport& violations(CpuId cpu) const = 0;
  // Calls that functions on that CPU were refused after its round had ended.
  virtual u64 refused_later(CpuId cpu) const = 0;
};

// Everything passed by reference or view outlives the machine.
std::unique_ptr<DelayedMachine> MakeDelayedMachine(const core::Implementation& implementation, DelayedPort& port,
                                                   const scenario::ScenarioView& scenario);

}  // namespace crosscall::cross_check

#endif  // TESTS_EXPLORE_CROSS_CHECK_DELAYED_MACHINE_H_
