#include "agent/measure/machine.h"

#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "agent/core/algorithms.h"
#include "agent/scenario/interpreter.h"
#include "proto/shared/check.h"

namespace crosscall::measure {
namespace {

// Zeroed memory on a cache line. Zeroing touches every page, so that no page fault falls into the timed part.
class Block {
 public:
  explicit Block(std::size_t bytes)
      : bytes_((bytes + core::kCacheLine - 1) / core::kCacheLine * core::kCacheLine + core::kCacheLine),
        memory_(std::aligned_alloc(core::kCacheLine, bytes_), &std::free) {
    CROSSCALL_CHECK(memory_ != nullptr, "out of memory for the implementation's records");
    std::memset(memory_.get(), 0, bytes_);
  }

  void* data() const { return memory_.get(); }
  std::size_t bytes() const { return bytes_; }

 private:
  std::size_t bytes_;
  std::unique_ptr<void, void (*)(void*)> memory_;
};

const char* RuleText(core::MisuseRule rule) {
  switch (rule) {
    case core::MisuseRule::kIrqsMasked:
      return "call with interrupts masked";
    case core::MisuseRule::kNotTask:
      return "call outside task context";
    case core::MisuseRule::kUnlockByOther:
      return "unlock of a lock that another CPU holds";
  }
  return "unknown misuse";
}

const char* ContextText(core::CallContext context) {
  switch (context) {
    case core::CallContext::kTask:
      return "in the program";
    case core::CallContext::kTaskMasked:
      return "in the program, masked";
    case core::CallContext::kInline:
      return "in a function run on the caller";
    case core::CallContext::kHandler:
      return "in an interrupt handler";
  }
  return "somewhere";
}

std::string MisuseText(const core::Misuse& misuse) {
  std::string text = absl::StrCat("CPU ", misuse.caller, ": ", RuleText(misuse.rule), " ", ContextText(misuse.context),
                                  ", ", misuse.times, " times");
  if (misuse.first_call != 0) absl::StrAppend(&text, ", first in its call ", core::SequenceOf(misuse.first_call));
  return text;
}

template <template <class> class Algorithm>
class MachineOf : public Machine {
 public:
  MachineOf(const MachineOptions& options, ports::SignalPort& port, TrialEnvironment& environment,
            const scenario::ScenarioView& scenario)
      : cpus_(scenario.cpu_count),
        calls_memory_(CallsType::BytesNeeded(scenario.cpu_count)),
        scenario_memory_(Program::BytesNeeded(scenario)),
        calls_(port, OptionsOf(options), calls_memory_.data(), calls_memory_.bytes()),
        program_(calls_, port, environment, scenario, scenario_memory_.data(), scenario_memory_.bytes()) {}

  scenario::RoundCounts RunRound() override { return program_.RunRound(); }
  void OnIpi() override { calls_.OnIpi(); }
  void OnDevice(core::u32 index) override {
    calls_.OnDevice(index, [this, index] { program_.RunDevice(index); });
  }

  std::string FirstViolation() const override {
    for (core::CpuId cpu = 0; cpu < cpus_; ++cpu) {
      const scenario::ViolationReport& report = program_.violations(cpu);
      if (report.count == 0) continue;
      return absl::StrCat(scenario::ViolationText(report.kind), " (on CPU ", report.cpu, ", call of CPU ",
                          report.caller, ", line ", report.line, ")");
    }
    return "";
  }

  std::vector<std::string> Misuses(std::size_t limit) const override {
    std::vector<std::string> texts;
    for (core::u32 i = 0; i < calls_.misuse_count() && texts.size() < limit; ++i) {
      texts.push_back(MisuseText(calls_.misuse(i)));
    }
    return texts;
  }

 private:
  using CallsType = core::Calls<ports::SignalPort, Algorithm>;
  using Program = scenario::Interpreter<CallsType, TrialEnvironment>;

  static typename CallsType::Options OptionsOf(const MachineOptions& options) {
    return {.policy = options.implementation.policy,
            .irq_model = options.implementation.irq_model,
            .strict = options.strict};
  }

  const core::u32 cpus_;
  Block calls_memory_;
  Block scenario_memory_;
  CallsType calls_;
  Program program_;
};

}  // namespace

std::unique_ptr<Machine> MakeMachine(const MachineOptions& options, ports::SignalPort& port,
                                     TrialEnvironment& environment, const scenario::ScenarioView& scenario) {
  return core::VisitAlgorithm<ports::SignalPort>(
      options.implementation.algorithm, [&]<template <class> class Algorithm>() -> std::unique_ptr<Machine> {
        return std::make_unique<MachineOf<Algorithm>>(options, port, environment, scenario);
      });
}

}  // namespace crosscall::measure
