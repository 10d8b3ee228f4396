// The contract battery over the step port: every implementation, several seeds, two to five CPUs.
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "tests/agent/core/step_port.h"
#include "tests/agent/core/step_run.h"
#include "tests/contract/battery.h"

namespace crosscall::contract {
namespace {

class StepMachine {
 public:
  using PortType = core::StepPort;
  static constexpr u32 kRounds = 12;

  explicit StepMachine(const MachineOptions& options) : port_(Options(options)) {}

  core::StepPort& port() { return port_; }
  bool Run(void (*on_ipi)(void*), void* context, const std::function<void(CpuId)>& body) {
    port_.SetHandlers(on_ipi, nullptr, context);
    return port_.Run(body) == core::StepPort::Outcome::kFinished;
  }

 private:
  static core::StepPort::Options Options(const MachineOptions& options) {
    core::StepPort::Options out;
    out.cpus = options.cpus;
    out.irq_model = options.irq_model;
    out.seed = options.seed;
    out.duplicate_ipis = options.duplicate_ipis;
    out.fail_allocs_every = options.fail_allocs_every;
    return out;
  }

  core::StepPort port_;
};
static_assert(Machine<StepMachine>);

class StepBattery : public testing::TestWithParam<core::Implementation> {};

TEST_P(StepBattery, KeepsTheContract) {
  for (u64 seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    core::VisitAlgorithm<core::StepPort>(GetParam().algorithm, [&]<template <class> class A>() {
      Battery<StepMachine, A>(GetParam(), static_cast<u32>(2 + seed % 4), seed).RunAll();
    });
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(AllImplementations, StepBattery,
                         testing::ValuesIn(core::kImplementations.begin(), core::kImplementations.end()),
                         core::TestName);

}  // namespace
}  // namespace crosscall::contract
