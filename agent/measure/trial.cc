#include "agent/measure/trial.h"

#include <cmath>
#include <memory>
#include <utility>

#include "absl/strings/string_view.h"
#include "agent/measure/environment.h"
#include "agent/measure/idler.h"
#include "agent/measure/machine.h"
#include "agent/measure/session.h"
#include "agent/measure/trial_environment.h"
#include "agent/measure/trial_plan.h"
#include "agent/measure/trial_result.h"
#include "agent/ports/board_cpus.h"
#include "agent/ports/flight_region.h"
#include "agent/ports/signal_port.h"

namespace crosscall::measure {
namespace {

v1::TrialResult Refused(const v1::TrialSpec& spec, absl::string_view reason) {
  v1::TrialResult result;
  result.set_outcome(v1::OUTCOME_REFUSED);
  result.set_reason(std::string(reason));
  result.set_seed(spec.seed());
  return result;
}

void HandleIpi(void* machine) { static_cast<Machine*>(machine)->OnIpi(); }
void HandleDevice(void* machine, core::u32 index) { static_cast<Machine*>(machine)->OnDevice(index); }

ports::SignalPort::Options PortOptions(const TrialPlan& plan) {
  ports::SignalPort::Options options;
  options.irq_model = plan.implementation.irq_model;
  options.board_cpus = plan.board_cpus;
  // Real-time threads that share a processor and wait for each other by spinning would never get on.
  options.realtime = !plan.spec.no_realtime() && !plan.oversubscribed;
  options.oversubscribe = plan.spec.oversubscribe();
  options.faults = plan.faults;
  options.seed = plan.spec.seed();
  return options;
}

std::uint64_t IntervalTicks(const v1::TrialSpec& spec, const ports::SignalPort& port) {
  if (spec.arrival_rate_hz() == 0) return 0;
  return std::max<std::uint64_t>(1, port.NanosToTicks(static_cast<std::uint64_t>(1e9 / spec.arrival_rate_hz())));
}

absl::StatusOr<v1::TrialResult> RunPlanned(const TrialPlan& plan, ports::FlightRegion& region,
                                           const TrialHooks& hooks) {
  absl::StatusOr<std::unique_ptr<ports::SignalPort>> created = ports::SignalPort::Create(PortOptions(plan), region);
  if (!created.ok()) return Refused(plan.spec, created.status().message());
  ports::SignalPort& port = **created;
  v1::Environment environment = ReadEnvironment(hooks.root, plan.board_cpus);
  const std::uint64_t throttled = ReadThrottleEvents(hooks.root, plan.board_cpus);

  const Idler idler(plan.spec.target_state(), plan.oversubscribed);
  const std::uint32_t cpus = plan.scenario.cpu_count();
  TrialEnvironment scenario_environment(port, idler, cpus, IntervalTicks(plan.spec, port), region.ring_size());
  const std::unique_ptr<Machine> machine =
      MakeMachine({.implementation = plan.implementation, .strict = plan.spec.strict()}, port, scenario_environment,
                  plan.compiled.view());
  SessionOptions options{.on_ready =
                             [&] {
                               if (!hooks.on_ready) return absl::OkStatus();
                               return hooks.on_ready({cpus, region.header().total_bytes, plan.compiled.lock_names()});
                             },
                         .root = hooks.root};
  Session session(plan, options, region, port, *machine, scenario_environment, idler);
  port.SetHandlers(&HandleIpi, &HandleDevice, machine.get());
  if (absl::Status status = port.Start([&session](core::CpuId cpu) { session.Body(cpu); }); !status.ok()) {
    return Refused(plan.spec, status.message());
  }
  port.Join();
  if (!session.status().ok()) return session.status();

  environment.set_throttle_count(ReadThrottleEvents(hooks.root, plan.board_cpus) - throttled);
  return AssembleResult({.plan = plan, .session = session, .machine = *machine, .port = port, .region = region},
                        std::move(environment));
}

}  // namespace

absl::StatusOr<v1::TrialResult> RunTrial(const v1::TrialSpec& spec, int region_memfd, const TrialHooks& hooks) {
  const absl::StatusOr<TrialPlan> plan = PlanTrial(spec, ports::UsableBoardCpus());
  if (!plan.ok()) return Refused(spec, plan.status().message());
  absl::StatusOr<ports::FlightRegion> region =
      ports::FlightRegion::Create(region_memfd, plan->scenario.cpu_count(),
                                  static_cast<core::u32>(plan->compiled.lock_names().size()) + 1, plan->ring_size);
  if (!region.ok()) return Refused(spec, region.status().message());
  return RunPlanned(*plan, *region, hooks);
}

}  // namespace crosscall::measure
