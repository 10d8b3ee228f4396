// What the interpreter adds to an operation: programs over a port and calls that do nothing. Prints the limit beside
// each figure and exits with 1 if one is missed.
//
// The empty port keeps what every port must, a CPU's identity in thread-local memory, and the empty calls run the
// called function at once, so that arming, checking and answering an argument is part of the figure. An operation that
// reads the clock (work) or asks the machine for something is not measured here: that is the port's cost.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "agent/core/calls.h"
#include "agent/core/port.h"
#include "agent/ports/atomics.h"
#include "agent/scenario/compile.h"
#include "agent/scenario/interpreter.h"
#include "agent/scenario/parse.h"

namespace crosscall::bench {
namespace {

constexpr double kLimitNanos = 20;

thread_local core::CpuId t_cpu = 0;
thread_local bool t_masked = false;

class EmptyPort {
 public:
  template <class T>
  using Atomic = ports::HardwareAtomic<T>;
  template <class T>
  using Plain = ports::HardwarePlain<T>;
  using SpinLock = ports::HardwareSpinLock;

  core::u32 cpu_count() const { return 2; }
  core::CpuId Me() const { return t_cpu; }
  core::u32 Bar() { return 0; }
  void Unbar(core::u32) {}
  bool IrqsMasked() const { return t_masked; }
  void MaskIrqs() { t_masked = true; }
  void OpenIrqs() { t_masked = false; }
  void Window() {}
  void SendIpis(const core::CpuSet&) {}
  void Ack() {}
  void BeginWait() {}
  void BeginLook() {}
  void Pause() {}
  bool AllocFails() { return false; }
  void KickGap(const core::CpuSet&) {}
  void MutateMask(core::CpuSet&) {}
  core::u64 Now() const { return 0; }
  core::CpuState& state() { return states_[t_cpu]; }
  core::CpuState& state_of(core::CpuId cpu) { return states_[cpu]; }
  core::LockState& lock_state(core::u32) { return lock_; }
  void StampStage(core::Stage, core::u64, core::CpuId, core::u32) {}
  void StampAgain(core::Stage, core::u64, core::CpuId, core::u32) {}

 private:
  core::CpuState states_[2] = {};
  core::LockState lock_ = {};
};
static_assert(core::Port<EmptyPort>);

// Runs what is called at once, as its target would: masked, and under its name.
class EmptyCalls {
 public:
  using PortType = EmptyPort;

  core::Result CallSingle(core::CpuId cpu, core::Function function, void* argument, bool) {
    const core::CpuId caller = t_cpu;
    const bool masked = t_masked;
    t_cpu = cpu;
    t_masked = true;
    function(argument);
    t_masked = masked;
    t_cpu = caller;
    return core::Result::kOk;
  }
  core::Result CallMany(const core::CpuSet&, core::Function function, void* argument, bool wait) {
    return CallSingle(1, function, argument, wait);
  }
  core::Result OnEachMask(const core::CpuSet& mask, core::Function function, void* argument, bool wait) {
    return CallMany(mask, function, argument, wait);
  }
  core::Result CallAsync(core::CpuId cpu, core::AsyncRecord<EmptyPort>& record) {
    return CallSingle(cpu, record.function, record.argument, false);
  }
  template <class Condition>
  void WaitUntil(core::Site, Condition&& condition, const core::CpuSet* = nullptr) {
    while (!condition()) {
    }
  }
  void Lock(core::ProgramLock<EmptyPort>& lock) { lock.TryLock(t_cpu); }
  void Unlock(core::ProgramLock<EmptyPort>& lock) { lock.Release(); }
  void GoOffline() {}
  void GoOnline() {}
  core::CpuSet Online() const { return core::CpuSet::First(2); }
};

struct EmptyEnvironment {
  core::u64 TicksFromNanos(core::u64) const { return 0; }
  void IdleFor(core::u64) {}
  core::u64 BeforeCall(core::CpuId) { return 0; }
  void AfterCall(core::CpuId, core::u64, core::Result) {}
  void AtOperation(core::CpuId, const scenario::Position&) {}
};

struct Program {
  const char* name;
  const char* body;  // inside a repeat of kRepeats
  int operations;    // of the body; the loop's end is charged to them
};

constexpr int kRepeats = 1000;
constexpr Program kPrograms[] = {
    {"loop of empty operations", "idle 1ns, idle 1ns, idle 1ns, idle 1ns", 4},
    {"irq_off, irq_on", "irq_off, irq_on", 2},
    {"lock, unlock", "lock L, unlock L", 2},
    {"lock_irqsave, unlock_irqrestore", "lock_irqsave L, unlock_irqrestore L", 2},
    {"call 1 wait", "call 1 noop wait", 1},
    {"call self wait", "call self noop wait", 1},
    {"call others wait", "call others noop wait", 1},
    {"call 1 nowait", "call 1 noop nowait", 1},
    {"call_async 1", "call_async 1 noop", 1},
};

void BM_Program(benchmark::State& state, const Program& program) {
  const std::string text = std::string("scenario: bench\nprograms: {0: [{repeat: ") + std::to_string(kRepeats) +
                           ", do: [" + program.body + "]}], 1: []}\n";
  const auto scenario = scenario::ParseScenario(text, program.name);
  if (!scenario.ok()) return state.SkipWithError(scenario.status().ToString().c_str());
  const auto compiled = scenario::Compile(*scenario);
  if (!compiled.ok()) return state.SkipWithError(compiled.status().ToString().c_str());

  using Interpreter = scenario::Interpreter<EmptyCalls, EmptyEnvironment>;
  struct alignas(core::kCacheLine) Line {
    unsigned char bytes[core::kCacheLine] = {};
  };
  std::vector<Line> memory(Interpreter::BytesNeeded(compiled->view()) / sizeof(Line) + 1);
  EmptyPort port;
  EmptyCalls calls;
  EmptyEnvironment environment;
  Interpreter interpreter(calls, port, environment, compiled->view(), memory.data(), memory.size() * sizeof(Line));
  scenario::RoundCounts counts;
  for (auto _ : state) counts += interpreter.RunRound();
  if (counts.violations != 0) return state.SkipWithError("violations: the figure would mean nothing");
  state.counters["operations"] = static_cast<double>(kRepeats) * program.operations;
}

// Prints nanoseconds an operation beside the limit.
class LimitReporter : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override {
    std::printf("%-36s %10s %10s\n", "interpreter, per operation", "ns", "limit ns");
    return true;
  }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.error_occurred) {
        std::printf("%-36s %s\n", run.run_name.function_name.c_str(), run.error_message.c_str());
        missed_ = true;
        continue;
      }
      if (run.run_type != Run::RT_Aggregate || run.aggregate_name != "median") continue;
      const double nanos = run.GetAdjustedCPUTime() / run.counters.at("operations").value;
      const bool met = nanos <= kLimitNanos;
      std::printf("%-36s %10.2f %10.0f %s\n", run.run_name.function_name.c_str(), nanos, kLimitNanos,
                  met ? "" : "MISSED");
      missed_ = missed_ || !met;
    }
  }
  bool missed() const { return missed_; }

 private:
  bool missed_ = false;
};

}  // namespace
}  // namespace crosscall::bench

int main(int argc, char** argv) {
  using namespace crosscall::bench;  // NOLINT(google-build-using-namespace): the wiring of this file's own names
  benchmark::Initialize(&argc, argv);
  for (const Program& program : kPrograms) {
    // Medians of CPU time: other load of the machine is not the interpreter's.
    benchmark::RegisterBenchmark(program.name, BM_Program, program)->Repetitions(5)->ReportAggregatesOnly(false);
  }
  LimitReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  return reporter.missed() ? 1 : 0;
}
