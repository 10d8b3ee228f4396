// One scenario over one implementation on the step port, for tests: everything between the text and the outcome.
#ifndef TESTS_AGENT_SCENARIO_SCENARIO_RUN_H_
#define TESTS_AGENT_SCENARIO_SCENARIO_RUN_H_

#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "agent/core/algorithms.h"
#include "agent/scenario/compile.h"
#include "agent/scenario/interpreter.h"
#include "agent/scenario/parse.h"
#include "tests/agent/core/step_port.h"

namespace crosscall::scenario {

inline CompiledScenario CompileText(const std::string& text, const Overrides& overrides = {}) {
  const auto scenario = ParseScenario(text, "test.yaml", overrides);
  if (!scenario.ok()) throw std::runtime_error(scenario.status().ToString());
  auto compiled = Compile(*scenario);
  if (!compiled.ok()) throw std::runtime_error(compiled.status().ToString());
  return *std::move(compiled);
}

// At least that many zero bytes, aligned to a cache line.
class ZeroedLines {
 public:
  explicit ZeroedLines(core::usize bytes) : lines_(bytes / sizeof(Line) + 1) {}
  void* at() { return lines_.data(); }
  core::usize bytes() const { return lines_.size() * sizeof(Line); }

 private:
  struct alignas(core::kCacheLine) Line {
    unsigned char bytes[core::kCacheLine] = {};
  };
  std::vector<Line> lines_;
};

// Has no time: work takes none. Keeps what the interpreter says to it.
class TestEnvironment {
 public:
  core::u64 TicksFromNanos(core::u64 nanos) const {
    if (on_work) on_work(nanos);
    return 0;
  }
  void IdleFor(core::u64 nanos) { idle_nanos += nanos; }
  core::u64 BeforeCall(core::CpuId) { return ++calls_before; }
  void AfterCall(core::CpuId, core::u64 intended, core::Result result) {
    last_intended = intended;
    results.push_back(result);
  }
  void AtOperation(core::CpuId, const Position& position) { operations.push_back(position.op); }

  std::function<void(core::u64)> on_work;
  core::u64 idle_nanos = 0;
  core::u64 calls_before = 0;
  core::u64 last_intended = 0;
  std::vector<core::Result> results;
  std::vector<core::u32> operations;  // as they were begun
};

// C is Calls over the step port, or something that behaves like it, badly.
template <class C>
class ScenarioRun {
 public:
  using Outcome = core::StepPort::Outcome;

  ScenarioRun(const CompiledScenario& compiled, core::StepPort::Options port_options, const core::CallOptions& options)
      : view_(compiled.view()),
        port_(Sized(port_options, view_)),
        calls_memory_(C::BytesNeeded(view_.cpu_count)),
        calls_(port_, options, calls_memory_.at(), calls_memory_.bytes()),
        memory_(Interpreter<C, TestEnvironment>::BytesNeeded(view_)),
        interpreter_(calls_, port_, environment_, view_, memory_.at(), memory_.bytes()),
        counts_(view_.cpu_count) {
    port_.SetHandlers([](void* self) { static_cast<ScenarioRun*>(self)->calls_.OnIpi(); },
                      [](void* self) { static_cast<ScenarioRun*>(self)->TakeDevice(); }, this);
  }

  Outcome Run(int rounds = 1) {
    return port_.Run([&](core::CpuId cpu) {
      for (int i = 0; i < rounds; ++i) counts_[cpu] += interpreter_.RunRound();
    });
  }

  // One round on the CPU that executes this, for a test's own body.
  RoundCounts RunRound() { return interpreter_.RunRound(); }

  RoundCounts Total() const {
    RoundCounts total;
    for (const RoundCounts& counts : counts_) total += counts;
    return total;
  }
  // Also those that a CPU saw after its last round, in which it did not return.
  core::u64 Violations() const {
    core::u64 count = 0;
    for (core::CpuId cpu = 0; cpu < view_.cpu_count; ++cpu) count += interpreter_.violations(cpu).count;
    return count;
  }

  C& calls() { return calls_; }
  core::StepPort& port() { return port_; }
  TestEnvironment& environment() { return environment_; }
  const RoundCounts& counts(core::CpuId cpu) const { return counts_[cpu]; }
  const ViolationReport& violations(core::CpuId cpu) const { return interpreter_.violations(cpu); }

 private:
  static core::StepPort::Options Sized(core::StepPort::Options options, const ScenarioView& view) {
    options.cpus = view.cpu_count;
    options.locks = view.lock_count + 1;
    return options;
  }
  void TakeDevice() {
    const core::CpuId me = port_.Me();
    for (core::u32 i = 0; i < view_.device_count; ++i) {
      if (view_.devices[i].cpu != me) continue;
      return calls_.OnDevice(i, [&] { interpreter_.RunDevice(i); });
    }
  }

  const ScenarioView view_;
  core::StepPort port_;
  ZeroedLines calls_memory_;
  C calls_;
  TestEnvironment environment_;
  ZeroedLines memory_;
  Interpreter<C, TestEnvironment> interpreter_;
  std::vector<RoundCounts> counts_;
};

}  // namespace crosscall::scenario

#endif  // TESTS_AGENT_SCENARIO_SCENARIO_RUN_H_
