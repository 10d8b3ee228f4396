// The contract battery over the signal port: every implementation, on two CPUs and on four that share the board's.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/contract/battery.h"
#include "tests/contract/signal_machine.h"

namespace crosscall::contract {
namespace {

class SignalBattery : public testing::TestWithParam<core::Implementation> {
 protected:
  static void Run(core::u32 cpus) {
    core::VisitAlgorithm<ports::SignalPort>(GetParam().algorithm, [&]<template <class> class A>() {
      Battery<SignalMachine, A>(GetParam(), cpus, /*seed=*/cpus).RunAll();
    });
  }
};

TEST_P(SignalBattery, KeepsTheContractOnTwoCpus) { Run(2); }
TEST_P(SignalBattery, KeepsTheContractOnFourSharedCpus) { Run(4); }

std::string NameOf(const testing::TestParamInfo<core::Implementation>& parameter) {
  char name[core::kImplementationNameBytes];
  core::Format(parameter.param, name, sizeof name);
  std::string word(name);
  std::replace(word.begin(), word.end(), '/', '_');
  return word;
}

INSTANTIATE_TEST_SUITE_P(AllImplementations, SignalBattery,
                         testing::ValuesIn(core::kImplementations.begin(), core::kImplementations.end()), NameOf);

}  // namespace
}  // namespace crosscall::contract
