// How fast the explorer is, and what its reduction saves. Each figure with its limit; exit status 1 if one is missed.
//
// Steps a second count every step the model takes, also those that lead to a state again. One core.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "agent/core/implementation.h"
#include "agent/explore/explore.h"
#include "agent/scenario/catalogue.h"
#include "agent/scenario/parse.h"

namespace crosscall {
namespace {

using core::AlgorithmKind;
using core::Implementation;
using core::IrqModel;
using core::WaitPolicy;
using explore::Exploration;
using explore::ExploreOptions;
using explore::MemoryModel;

// Each called function calls on, round the ring, all masked: no pair of CPUs shows what the ring can do.
constexpr const char* kRing = R"(
scenario: ring-calls-on
about: Three masked CPUs call each other in a ring, and each called function calls on.
functions:
  to0: [call 0 noop wait]
  to1: [call 1 noop wait]
  to2: [call 2 noop wait]
programs:
  0: [irq_off, call 1 to2 wait, irq_on]
  1: [irq_off, call 2 to0 wait, irq_on]
  2: [irq_off, call 0 to1 wait, irq_on]
)";
constexpr const char* kBroadcast = R"(
scenario: mutual-broadcast
about: Four CPUs call all others at once.
programs:
  0: [call others noop wait]
  1: [call others noop wait]
  2: [call others noop wait]
  3: [call others noop wait]
)";
constexpr Implementation kPolling{AlgorithmKind::kGeneric2008, WaitPolicy::kPollCompletion, IrqModel::kMaskAll};

std::string NameOf(const Implementation& implementation) {
  char name[core::kImplementationNameBytes];
  core::Format(implementation, name, sizeof name);
  return name;
}

v1::Scenario Parsed(absl::string_view text) {
  absl::StatusOr<v1::Scenario> scenario = scenario::ParseScenario(text, "bench");
  if (!scenario.ok()) {
    std::fprintf(stderr, "explore_bench: %s\n", std::string(scenario.status().message()).c_str());
    std::exit(1);
  }
  return *std::move(scenario);
}

Exploration Explored(const v1::Scenario& scenario, const Implementation& implementation,
                     const ExploreOptions& options) {
  absl::StatusOr<Exploration> exploration = explore::Explore(scenario, implementation, options);
  if (!exploration.ok()) {
    std::fprintf(stderr, "explore_bench: %s\n", std::string(exploration.status().message()).c_str());
    std::exit(1);
  }
  return *std::move(exploration);
}

const char* Judged(bool good, bool& all) {
  all = all && good;
  return good ? "ok" : "MISSED";
}

// The ring, exhaustively; its steps a second are the speed in that memory model.
bool Speed() {
  bool good = true;
  const v1::Scenario ring = Parsed(kRing);
  for (const MemoryModel memory : {MemoryModel::kSc, MemoryModel::kWeak}) {
    ExploreOptions options;
    options.memory = memory;
    options.limits.max_time = absl::Seconds(120);
    const explore::Finding finding = Explored(ring, kPolling, options).finding;
    const double seconds = absl::ToDoubleSeconds(finding.time);
    const double rate = static_cast<double>(finding.steps) / seconds;
    const double limit = memory == MemoryModel::kSc ? 1e6 : 3e5;
    std::printf("%-4s  %10.0f steps/s   limit %7.0f   %s   (%llu steps, %u passes)\n", MemoryModelName(memory), rate,
                limit, Judged(rate >= limit, good), static_cast<unsigned long long>(finding.steps), finding.passes);
    std::printf("      %10llu states   %.0f bytes a state\n", static_cast<unsigned long long>(finding.states),
                static_cast<double>(finding.bytes) / static_cast<double>(finding.states));
    if (memory != MemoryModel::kSc) continue;
    const bool done = finding.verdict == explore::Verdict::kCompletes;
    std::printf("3-ring that calls on, %s, sc: %s in %.2f s   limit 5 s   %s\n", NameOf(kPolling).c_str(),
                VerdictName(finding.verdict), seconds, Judged(done && seconds < 5, good));
    std::printf("      %.1f MiB of states   limit 1024 MiB   %s\n", static_cast<double>(finding.bytes) / (1 << 20),
                Judged(finding.bytes <= core::usize{1} << 30, good));
  }
  return good;
}

std::vector<v1::Scenario> TwoCpuCatalogue() {
  std::vector<v1::Scenario> scenarios;
  for (const scenario::CatalogueEntry& entry : scenario::Catalogue()) {
    v1::Scenario scenario = Parsed(entry.yaml);
    if (scenario.cpu_count() <= 2) scenarios.push_back(std::move(scenario));
  }
  return scenarios;
}

// All 2-CPU scenarios of the catalogue on all implementations, weak memory.
bool Catalogue() {
  const absl::Time start = absl::Now();
  int pairs = 0;
  int unknown = 0;
  for (const v1::Scenario& scenario : TwoCpuCatalogue()) {
    explore::PolicyMemo memo;
    ExploreOptions options;
    options.memory = MemoryModel::kWeak;
    options.memo = &memo;
    options.limits.max_states = 100'000;
    for (const Implementation& implementation : core::kImplementations) {
      ++pairs;
      if (Explored(scenario, implementation, options).finding.verdict == explore::Verdict::kUnknown) ++unknown;
    }
  }
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  bool good = true;
  std::printf("2-CPU catalogue, weak: %d pairs in %.1f s, %d unknown at 100,000 states   limit 60 s   %s\n", pairs,
              seconds, unknown, Judged(seconds < 60, good));
  return good;
}

// States with and without the reduction, where both searches end.
bool Reduction() {
  core::u64 with = 0;
  core::u64 without = 0;
  int pairs = 0;
  int different = 0;
  for (const v1::Scenario& scenario : TwoCpuCatalogue()) {
    for (const Implementation& implementation : core::kImplementations) {
      if (implementation.policy != WaitPolicy::kSpin) continue;
      ExploreOptions options;
      options.memory = MemoryModel::kWeak;
      options.limits.max_states = 100'000;
      options.reduced = false;
      const explore::Finding full = Explored(scenario, implementation, options).finding;
      if (full.verdict == explore::Verdict::kUnknown) continue;
      options.reduced = true;
      const explore::Finding reduced = Explored(scenario, implementation, options).finding;
      ++pairs;
      different += full.verdict == reduced.verdict ? 0 : 1;
      with += reduced.states;
      without += full.states;
    }
  }
  bool good = true;
  std::printf("reduction: %llu states without, %llu with it (%.1f times fewer), %d pairs, verdicts differ in %d   %s\n",
              static_cast<unsigned long long>(without), static_cast<unsigned long long>(with),
              static_cast<double>(without) / static_cast<double>(with), pairs, different, Judged(different == 0, good));
  return good;
}

void Broadcast() {
  const v1::Scenario scenario = Parsed(kBroadcast);
  for (const AlgorithmKind algorithm : {AlgorithmKind::kGeneric2008, AlgorithmKind::kPerTarget}) {
    const Implementation implementation{algorithm, WaitPolicy::kSpin, IrqModel::kMaskAll};
    ExploreOptions options;
    options.memory = MemoryModel::kSc;
    options.limits.max_time = absl::Seconds(60);
    const explore::Finding finding = Explored(scenario, implementation, options).finding;
    std::printf("4-CPU mutual broadcast, %s, sc: %s %s after %llu states, %.0f s, %.0f MiB   no limit\n",
                NameOf(implementation).c_str(), VerdictName(finding.verdict), finding.reason.c_str(),
                static_cast<unsigned long long>(finding.states), absl::ToDoubleSeconds(finding.time),
                static_cast<double>(finding.bytes) / (1 << 20));
  }
}

int Run() {
  bool good = Speed();
  good = Catalogue() && good;
  good = Reduction() && good;
  Broadcast();
  return good ? 0 : 1;
}

}  // namespace
}  // namespace crosscall

int main() { return crosscall::Run(); }
