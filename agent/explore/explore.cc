#include "agent/explore/explore.h"

#include <new>
#include <utility>

#include "absl/strings/str_cat.h"

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

// Everything but the policy that a finding is of.
std::string KeyOf(const v1::Scenario& scenario, const core::Implementation& implementation) {
  return absl::StrCat(static_cast<int>(implementation.algorithm), "/", static_cast<int>(implementation.irq_model), "/",
                      scenario.SerializeAsString());
}

}  // namespace

std::optional<Exploration> PolicyMemo::Find(const v1::Scenario& scenario,
                                            const core::Implementation& implementation) const {
  const shared::MutexLock lock(mutex_);
  const auto found = findings_.find(KeyOf(scenario, implementation));
  if (found == findings_.end()) return std::nullopt;
  Exploration exploration = found->second;
  exploration.implementation = implementation;
  return exploration;
}

void PolicyMemo::Add(const v1::Scenario& scenario, const Exploration& exploration) {
  if (exploration.finding.policy_decides) return;
  const shared::MutexLock lock(mutex_);
  findings_.emplace(KeyOf(scenario, exploration.implementation), exploration);
}

absl::StatusOr<Exploration> Explore(const v1::Scenario& scenario, const core::Implementation& implementation,
                                    const ExploreOptions& options) {
  const absl::StatusOr<scenario::CompiledScenario> compiled = Prepare(scenario);
  if (!compiled.ok()) return compiled.status();
  if (options.memo != nullptr) {
    if (std::optional<Exploration> known = options.memo->Find(scenario, implementation)) return *std::move(known);
  }
  Exploration exploration{implementation, MemoryOf(scenario, options), {}, {}};
  try {
    Search search(InputOf(scenario, *compiled, implementation, options));
    exploration.finding = search.Run(options.limits);
    if (!exploration.finding.schedule.empty()) {
      absl::Status told = TellSchedule(search, *compiled, exploration.finding.schedule, exploration.trace);
      if (!told.ok()) return told;
    }
    if (options.memo != nullptr) options.memo->Add(scenario, exploration);
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
