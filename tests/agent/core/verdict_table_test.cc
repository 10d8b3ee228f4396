// The verdict table of the reference (section 6): seven scenarios on seventy implementations, each executed under many
// seeds of the step port. A cell C or R never deadlocks; a cell D does for some seed, and whenever it does the CPUs'
// own accounts blame exactly the waits that the table's traces name. The scenarios are written against Calls directly.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "tests/agent/core/step_run.h"
#include "tests/agent/core/verdict_table.h"

namespace crosscall::core {
namespace {

using verdict_table::Expected;
using verdict_table::kScenarioNames;
using verdict_table::kScenarios;
using verdict_table::Scenario;
using verdict_table::Verdict;

constexpr u64 kSeeds = 120;

struct Execution {
  StepPort::Outcome outcome;
  u32 refused;
  u32 wrong_runs;  // functions that did not run exactly once for each call that was accepted
  bool blame_matches;
};

// What a deadlocked CPU says of itself.
struct Account {
  Site site;
  u64 waits_for;
  bool masked;
};
Account AccountOf(const StepPort& port, CpuId cpu) {
  const CpuState& state = port.cpu_state(cpu);
  return Account{static_cast<Site>(state.site), state.wait_for, port.masked(cpu)};
}

bool BlamesCallLock(StepPort& port) {
  const u64 holder = port.lock_state(0).holder;
  if (holder == 0) return false;
  const Account waiter = AccountOf(port, static_cast<CpuId>(holder - 1));
  if (waiter.site != Site::kCompletion || waiter.waits_for >= port.cpu_count()) return false;
  const Account target = AccountOf(port, static_cast<CpuId>(waiter.waits_for));
  return target.site == Site::kOwn && target.waits_for == 0 && target.masked;
}

bool BlamesLockOfCaller(StepPort& port) {
  const Account caller = AccountOf(port, 0);
  const Account target = AccountOf(port, 1);
  return port.lock_state(1).holder == 1 && caller.site == Site::kCompletion && caller.waits_for == 1 &&
         target.site == Site::kLock && target.waits_for == 1 && target.masked;
}

bool BlamesCycle(StepPort& port) {
  for (CpuId cpu = 0; cpu < port.cpu_count(); ++cpu) {
    const Account account = AccountOf(port, cpu);
    if (account.site != Site::kCompletion || account.waits_for != (cpu + 1) % port.cpu_count() || !account.masked) {
      return false;
    }
  }
  return true;
}

// The frames of CPU 1 show the handler above the program: fn, then its wait for the lock.
bool BlamesOwnHandler(StepPort& port) {
  const Account caller = AccountOf(port, 0);
  const Account target = AccountOf(port, 1);
  const CpuState& state = port.cpu_state(1);
  if (state.frame_count < 2) return false;
  const auto kind = [&](u64 index) { return static_cast<FrameKind>(state.frames[index].packed & 0xff); };
  return port.lock_state(1).holder == 2 && caller.site == Site::kCompletion && caller.waits_for == 1 &&
         target.site == Site::kLock && target.waits_for == 1 && kind(state.frame_count - 1) == FrameKind::kLockWait &&
         kind(state.frame_count - 2) == FrameKind::kFunction;
}

bool BlameMatches(Verdict verdict, StepPort& port) {
  switch (verdict) {
    case Verdict::kHeldOverWait:
      return BlamesCallLock(port);
    case Verdict::kLockOfCaller:
      return BlamesLockOfCaller(port);
    case Verdict::kCycle:
      return BlamesCycle(port);
    case Verdict::kOwnHandler:
      return BlamesOwnHandler(port);
    case Verdict::kCompletes:
    case Verdict::kRefused:
      return false;
  }
  return false;
}

template <template <class> class A>
class Cell {
 public:
  Cell(const Implementation& implementation, Scenario scenario, u64 seed)
      : scenario_(scenario),
        run_(PortOptions(implementation, scenario, seed), CallOptions{implementation.policy, implementation.irq_model}),
        lock_(1) {}

  Execution Run(Verdict expected) {
    const auto outcome = run_.Run([this](CpuId cpu) { Program(cpu); });
    const bool blame = outcome != StepPort::Outcome::kDeadlock || BlameMatches(expected, run_.port());
    return Execution{outcome, refused_, accepted_ > runs_ ? accepted_ - runs_ : runs_ - accepted_, blame};
  }

 private:
  static StepPort::Options PortOptions(const Implementation& implementation, Scenario scenario, u64 seed) {
    StepPort::Options options;
    options.cpus = scenario == Scenario::kRing || scenario == Scenario::kRing1 ? 3 : 2;
    options.irq_model = implementation.irq_model;
    options.seed = seed;
    options.max_steps = 200'000;
    return options;
  }

  static void Count(void* self) { ++static_cast<Cell*>(self)->runs_; }
  static void LockAndCount(void* self) {
    Cell& cell = *static_cast<Cell*>(self);
    cell.run_.calls().Lock(cell.lock_);
    cell.run_.calls().Unlock(cell.lock_);
    ++cell.runs_;
  }

  void Call(CpuId target, Function function) {
    const Result result = run_.calls().CallSingle(target, function, this, true);
    ++(result == Result::kOk ? accepted_ : refused_);
  }
  void CallMasked(CpuId target) {
    run_.port().MaskIrqs();
    Call(target, &Count);
    run_.port().OpenIrqs();
  }
  void LockMasked() {
    run_.port().MaskIrqs();
    run_.calls().Lock(lock_);
    run_.calls().Unlock(lock_);
    run_.port().OpenIrqs();
  }

  void Program(CpuId cpu) {
    switch (scenario_) {
      case Scenario::kBoth:
        return CallMasked(1 - cpu);
      case Scenario::kTarget:
        return cpu == 0 ? Call(1, &Count) : CallMasked(0);
      case Scenario::kRing:
        return CallMasked((cpu + 1) % 3);
      case Scenario::kRing1:
        return cpu == 2 ? Call(0, &Count) : CallMasked(cpu + 1);
      case Scenario::kLOpen:
      case Scenario::kLMasked:
        return cpu == 0 ? CallWithLock(scenario_ == Scenario::kLMasked) : LockMasked();
      case Scenario::kK:
        return cpu == 0 ? Call(1, &LockAndCount) : LockMasked();
    }
  }
  void CallWithLock(bool masked) {
    if (masked) run_.port().MaskIrqs();
    run_.calls().Lock(lock_);
    Call(1, &Count);
    run_.calls().Unlock(lock_);
    if (masked) run_.port().OpenIrqs();
  }

  const Scenario scenario_;
  StepRun<A> run_;
  ProgramLock<StepPort> lock_;
  u32 accepted_ = 0;
  u32 refused_ = 0;
  u32 runs_ = 0;
};

// Counts over all seeds of one cell.
struct Tally {
  u64 finished = 0, deadlocked = 0, step_limits = 0, with_refusal = 0, wrong_runs = 0, wrong_blame = 0;
};

template <template <class> class A>
Tally Explore(const Implementation& implementation, Scenario scenario) {
  Tally tally;
  for (u64 seed = 1; seed <= kSeeds; ++seed) {
    const Execution execution = Cell<A>(implementation, scenario, seed).Run(Expected(implementation, scenario));
    if (execution.outcome == StepPort::Outcome::kDeadlock) {
      ++tally.deadlocked;
      if (!execution.blame_matches) ++tally.wrong_blame;
      continue;
    }
    ++(execution.outcome == StepPort::Outcome::kFinished ? tally.finished : tally.step_limits);
    if (execution.refused > 0) ++tally.with_refusal;
    tally.wrong_runs += execution.wrong_runs;
  }
  return tally;
}

class VerdictTable : public testing::TestWithParam<Implementation> {};

TEST_P(VerdictTable, EveryScenarioEndsAsTheTableSays) {
  const Implementation implementation = GetParam();
  for (const Scenario scenario : kScenarios) {
    SCOPED_TRACE(kScenarioNames[static_cast<int>(scenario)]);
    const Tally tally = VisitAlgorithm<StepPort>(
        implementation.algorithm, [&]<template <class> class A>() { return Explore<A>(implementation, scenario); });
    EXPECT_EQ(tally.step_limits, 0U);
    EXPECT_EQ(tally.wrong_runs, 0U);
    switch (Expected(implementation, scenario)) {
      case Verdict::kCompletes:
        EXPECT_EQ(tally.deadlocked, 0U);
        EXPECT_EQ(tally.with_refusal, 0U);
        break;
      case Verdict::kRefused:
        EXPECT_EQ(tally.deadlocked, 0U);
        EXPECT_EQ(tally.with_refusal, kSeeds);
        break;
      default:
        EXPECT_GT(tally.deadlocked, 0U);
        EXPECT_EQ(tally.wrong_blame, 0U);
        EXPECT_EQ(tally.with_refusal, 0U);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AllImplementations, VerdictTable,
                         testing::ValuesIn(kImplementations.begin(), kImplementations.end()), TestName);

}  // namespace
}  // namespace crosscall::core
