#include "agent/explore/explore.h"

#include <new>

#include "agent/explore/explorable.h"
#include "agent/scenario/compile.h"

namespace crosscall::explore {
namespace {

MemoryModel MemoryOf(const v1::Scenario& scenario, const ExploreOptions& options) {
  return options.memory.value_or(scenario.cpu_count() <= 2 ? MemoryModel::kWeak : MemoryModel::kSc);
}

SearchInput InputOf(const v1::Scenario& scenario, const scenario::CompiledScenario& compiled,
                    const core::Implementation& implementation, const ExploreOptions& options) {
  SearchInput input{
      .factory = options.factory.value_or(FactoryOf(implementation.algorithm)),
      .options = core::CallOptions{.policy = implementation.policy, .irq_model = implementation.irq_model},
      .view = compiled.view(),
      .faults = ModelFaultsOf(scenario)};
  input.weak = MemoryOf(scenario, options) == MemoryModel::kWeak;
  input.reduced = options.reduced;
  input.ordered_ipis = options.ordered_ipis;
  return input;
}

absl::StatusOr<scenario::CompiledScenario> Prepare(const v1::Scenario& scenario) {
  absl::StatusOr<scenario::CompiledScenario> compiled = scenario::Compile(scenario);
  if (!compiled.ok()) return compiled;
  if (absl::Status status = CheckExplorable(scenario); !status.ok()) return status;
  return compiled;
}

}  // namespace

absl::StatusOr<Exploration> Explore(const v1::Scenario& scenario, const core::Implementation& implementation,
                                    const ExploreOptions& options) {
  const absl::StatusOr<scenario::CompiledScenario> compiled = Prepare(scenario);
  if (!compiled.ok()) return compiled.status();
  Exploration exploration{implementation, MemoryOf(scenario, options), {}, {}};
  try {
    Search search(InputOf(scenario, *compiled, implementation, options));
    exploration.finding = search.Run(options.limits);
    if (exploration.finding.schedule.empty()) return exploration;
    absl::Status told = TellSchedule(search, *compiled, exploration.finding.schedule, exploration.trace);
    if (!told.ok()) return told;
  } catch (const std::bad_alloc&) {
    exploration.finding = Finding{};
    exploration.finding.reason = "out of memory";
  }
  return exploration;
}

absl::Status Replay(const v1::Scenario& scenario, const core::Implementation& implementation,
                    const ExploreOptions& options, const Schedule& schedule, Trace& told) {
  const absl::StatusOr<scenario::CompiledScenario> compiled = Prepare(scenario);
  if (!compiled.ok()) return compiled.status();
  Search search(InputOf(scenario, *compiled, implementation, options));
  search.Run(options.limits);
  return TellSchedule(search, *compiled, schedule, told);
}

}  // namespace crosscall::explore
