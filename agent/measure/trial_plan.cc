#include "agent/measure/trial_plan.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "agent/measure/batch_size.h"
#include "agent/measure/fault_plan.h"
#include "agent/ports/board_cpus.h"
#include "agent/scenario/catalogue.h"
#include "agent/scenario/parse.h"
#include "proto/shared/implementation_id.h"
#include "proto/shared/validate.h"

namespace crosscall::measure {
namespace {

using Operations = google::protobuf::RepeatedPtrField<v1::Operation>;

// The CPUs asked for, or the lowest usable ones.
absl::StatusOr<std::vector<std::uint32_t>> ChooseCpus(const v1::TrialSpec& spec, std::uint32_t wanted,
                                                      const std::vector<std::uint32_t>& usable) {
  std::vector<std::uint32_t> chosen(spec.cpus().begin(), spec.cpus().end());
  if (!chosen.empty() && chosen.size() != wanted) {
    return absl::InvalidArgumentError(absl::StrCat("cpus: ", chosen.size(), " are listed, scenario ", spec.scenario(),
                                                   " has ", wanted, " CPUs; list one for each, or none"));
  }
  if (chosen.empty() && wanted > usable.size() && !spec.oversubscribe()) {
    return absl::FailedPreconditionError(absl::StrCat("scenario ", spec.scenario(), " has ", wanted,
                                                      " CPUs, this board offers ", usable.size(), " (",
                                                      ports::FormatCpuList(usable),
                                                      "); allow oversubscription to look for hangs, latencies are then "
                                                      "marked invalid"));
  }
  for (std::uint32_t i = 0; chosen.size() < wanted && !usable.empty(); ++i) chosen.push_back(usable[i % usable.size()]);
  if (absl::Status status = ports::CheckBoardCpus(chosen, usable, spec.oversubscribe()); !status.ok()) return status;
  return chosen;
}

bool Masks(const Operations& body) {
  return std::any_of(body.begin(), body.end(), [](const v1::Operation& operation) {
    return operation.kind() == v1::Operation::KIND_IRQ_OFF || operation.kind() == v1::Operation::KIND_LOCK_IRQSAVE ||
           Masks(operation.body());
  });
}

// Functions that the CPU runs for itself mask interrupts while they run.
bool RunsOwnCalls(const Operations& body) {
  return std::any_of(body.begin(), body.end(), [](const v1::Operation& operation) {
    return operation.targets().kind() == v1::Targets::KIND_SELF ||
           operation.kind() == v1::Operation::KIND_RUN_ON_WAIT ||
           operation.kind() == v1::Operation::KIND_RUN_ON_NOWAIT || RunsOwnCalls(operation.body());
  });
}

std::vector<bool> KernelCountsKicks(const TrialPlan& plan) {
  const v1::Scenario& scenario = plan.scenario;
  // A sleeping target is woken, for which kernels have ways without an interrupt; faults are meant to disturb.
  const bool none =
      plan.oversubscribed || scenario.faults_size() > 0 || plan.spec.target_state() == v1::TARGET_STATE_SLEEP;
  std::vector<bool> counts(scenario.cpu_count(), !none);
  const bool mask_bars_ipis = plan.implementation.irq_model == core::IrqModel::kMaskAll;
  for (const v1::Program& program : scenario.programs()) {
    if ((mask_bars_ipis && Masks(program.body())) || RunsOwnCalls(program.body())) counts[program.cpu()] = false;
  }
  for (const v1::DeviceInterrupt& interrupt : scenario.interrupts()) counts[interrupt.cpu()] = false;
  return counts;
}

std::vector<std::uint32_t> ActiveCpus(const v1::Scenario& scenario) {
  std::vector<std::uint32_t> active;
  for (const v1::Program& program : scenario.programs()) {
    if (!program.body().empty()) active.push_back(program.cpu());
  }
  std::sort(active.begin(), active.end());
  if (active.empty()) active.push_back(0);  // somebody has to count the rounds
  return active;
}

v1::TrialSpec WithDefaults(v1::TrialSpec spec) {
  if (spec.target_system() == v1::TARGET_SYSTEM_UNSPECIFIED) spec.set_target_system(v1::TARGET_SYSTEM_SIGNAL);
  if (spec.target_state() == v1::TARGET_STATE_UNSPECIFIED) spec.set_target_state(v1::TARGET_STATE_SPIN);
  return spec;
}

}  // namespace

std::vector<std::string> ImplementationNames() {
  std::vector<std::string> names;
  for (const core::Implementation& implementation : core::kImplementations) {
    char name[core::kImplementationNameBytes];
    core::Format(implementation, name, sizeof(name));
    names.emplace_back(name);
  }
  return names;
}

absl::StatusOr<core::Implementation> FindImplementation(const std::string& name) {
  core::Implementation found;
  if (core::Parse(name.data(), name.size(), found)) return found;
  // The shared expansion words the refusal, so that every tool says the same.
  const absl::StatusOr<std::vector<std::string>> expanded =
      shared::ExpandImplementations({name}, ImplementationNames());
  if (!expanded.ok()) return expanded.status();
  return absl::InvalidArgumentError(absl::StrCat("implementation: \"", name, "\" is a pattern for ", expanded->size(),
                                                 " implementations; a trial runs exactly one"));
}

absl::StatusOr<v1::Scenario> LoadScenario(const v1::TrialSpec& spec) {
  scenario::Overrides overrides;
  for (const v1::Parameter& parameter : spec.parameters()) overrides[parameter.id()] = parameter.value();
  if (spec.scenario_text().empty()) {
    const absl::StatusOr<const scenario::CatalogueEntry*> entry = scenario::FindScenario(spec.scenario());
    if (!entry.ok()) return entry.status();
    return scenario::ParseScenario((*entry)->yaml, spec.scenario(), overrides);
  }
  absl::StatusOr<v1::Scenario> parsed = scenario::ParseScenario(spec.scenario_text(), spec.scenario(), overrides);
  if (parsed.ok() && parsed->id() != spec.scenario()) {
    return absl::InvalidArgumentError(absl::StrCat("scenario: the spec says \"", spec.scenario(),
                                                   "\", its text says \"", parsed->id(), "\"; give both one name"));
  }
  return parsed;
}

absl::StatusOr<TrialPlan> PlanTrial(const v1::TrialSpec& spec, const std::vector<std::uint32_t>& usable_cpus) {
  if (absl::Status status = shared::Validate(spec); !status.ok()) return status;
  const absl::StatusOr<core::Implementation> implementation = FindImplementation(spec.implementation());
  if (!implementation.ok()) return implementation.status();
  absl::StatusOr<v1::Scenario> scenario = LoadScenario(spec);
  if (!scenario.ok()) return scenario.status();
  absl::StatusOr<scenario::CompiledScenario> compiled = scenario::Compile(*scenario);
  if (!compiled.ok()) return compiled.status();
  const absl::StatusOr<std::vector<std::uint32_t>> cpus = ChooseCpus(spec, scenario->cpu_count(), usable_cpus);
  if (!cpus.ok()) return cpus.status();

  TrialPlan plan{.spec = WithDefaults(spec),
                 .implementation = *implementation,
                 .scenario = *std::move(scenario),
                 .compiled = *std::move(compiled),
                 .faults = {},
                 .board_cpus = *cpus,
                 .active = {},
                 .kernel_counts_kicks = {}};
  plan.faults = FaultPlanOf(plan.scenario);
  plan.oversubscribed = ports::SharesBoardCpus(plan.board_cpus);
  plan.ring_size = RingSizeFor(plan.scenario.cpu_count(), EstimateStampsPerRound(plan.scenario));
  plan.active = ActiveCpus(plan.scenario);
  plan.kernel_counts_kicks = KernelCountsKicks(plan);
  return plan;
}

}  // namespace crosscall::measure
