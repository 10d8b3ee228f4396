// One implementation on the signal port, running one scenario, behind an interface: algorithms are templates, the
// runner is not. The virtual calls are once a round and once an interrupt, never inside a call.
#ifndef AGENT_MEASURE_MACHINE_H_
#define AGENT_MEASURE_MACHINE_H_

#include <memory>
#include <string>
#include <vector>

#include "agent/core/implementation.h"
#include "agent/core/types.h"
#include "agent/measure/trial_environment.h"
#include "agent/ports/signal_port.h"
#include "agent/scenario/ops.h"
#include "agent/scenario/violation.h"

namespace crosscall::measure {

class Machine {
 public:
  virtual ~Machine() = default;

  // Carries out this CPU's program once, or only settles what its handlers left if it has none. On the CPU's thread.
  virtual scenario::RoundCounts RunRound() = 0;
  // Interrupt handlers of the port. Async-signal-safe.
  virtual void OnIpi() = 0;
  virtual void OnDevice(core::u32 index) = 0;

  // After the run. The first violation in words, empty if there was none.
  virtual std::string FirstViolation() const = 0;
  // Rules of the call API that were broken, one line each, at most `limit`.
  virtual std::vector<std::string> Misuses(std::size_t limit) const = 0;
};

struct MachineOptions {
  core::Implementation implementation;
  bool strict = false;
};

// Everything passed by reference or view outlives the machine. All memory is allocated here, zeroed and touched.
std::unique_ptr<Machine> MakeMachine(const MachineOptions& options, ports::SignalPort& port,
                                     TrialEnvironment& environment, const scenario::ScenarioView& scenario);

}  // namespace crosscall::measure

#endif  // AGENT_MEASURE_MACHINE_H_
