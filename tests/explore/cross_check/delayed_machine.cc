#include "tests/explore/cross_check/delayed_machine.h"

#include "agent/core/algorithms.h"
#include "agent/scenario/interpreter.h"

namespace crosscall::cross_check {
namespace {

// Spans are real ones: the explorer's claims hold for any.
class PortEnvironment {
 public:
  explicit PortEnvironment(DelayedPort& port) : port_(port) {}

  u64 TicksFromNanos(u64 nanos) const { return port_.below().NanosToTicks(nanos); }
  void IdleFor(u64 nanos) {
    const u64 end = port_.Now() + TicksFromNanos(nanos);
    while (port_.Now() < end) port_.below().Pause();
  }
  u64 BeforeCall(CpuId) { return 0; }
  void AfterCall(CpuId, u64, core::Result) {}
  void AtOperation(CpuId, const scenario::Position&) {}

 private:
  DelayedPort& port_;
};

// Zeroed, on a cache line.
class Block {
 public:
  explicit Block(core::usize bytes)
      : lines_((bytes + core::kCacheLine - 1) / core::kCacheLine), memory_(std::make_unique<Line[]>(lines_)) {}
  void* data() const { return memory_.get(); }
  core::usize bytes() const { return lines_ * core::kCacheLine; }

 private:
  struct alignas(core::kCacheLine) Line {
    unsigned char bytes[core::kCacheLine] = {};
  };
  core::usize lines_;
  std::unique_ptr<Line[]> memory_;
};

template <template <class> class A>
class MachineOf final : public DelayedMachine {
 public:
  MachineOf(const core::Implementation& implementation, DelayedPort& port, const scenario::ScenarioView& scenario)
      : environment_(port),
        calls_memory_(C::BytesNeeded(scenario.cpu_count)),
        program_memory_(Program::BytesNeeded(scenario)),
        calls_(port, {.policy = implementation.policy, .irq_model = implementation.irq_model}, calls_memory_.data(),
               calls_memory_.bytes()),
        program_(calls_, port, environment_, scenario, program_memory_.data(), program_memory_.bytes()) {}

  scenario::RoundCounts RunRound() override { return program_.RunRound(); }
  void OnIpi() override { calls_.OnIpi(); }
  void OnDevice(u32 index) override {
    calls_.OnDevice(index, [this, index] { program_.RunDevice(index); });
  }
  const scenario::ViolationReport& violations(CpuId cpu) const override { return program_.violations(cpu); }
  u64 refused_later(CpuId cpu) const override { return program_.handler_counts(cpu).refused; }

 private:
  using C = core::Calls<DelayedPort, A>;
  using Program = scenario::Interpreter<C, PortEnvironment>;

  PortEnvironment environment_;
  Block calls_memory_;
  Block program_memory_;
  C calls_;
  Program program_;
};

}  // namespace

std::unique_ptr<DelayedMachine> MakeDelayedMachine(const core::Implementation& implementation, DelayedPort& port,
                                                   const scenario::ScenarioView& scenario) {
  return core::VisitAlgorithm<DelayedPort>(implementation.algorithm,
                                           [&]<template <class> class A>() -> std::unique_ptr<DelayedMachine> {
                                             return std::make_unique<MachineOf<A>>(implementation, port, scenario);
                                           });
}

}  // namespace crosscall::cross_check
