// What each operation does, on an implementation that works.
#include "agent/scenario/interpreter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/agent/scenario/scenario_run.h"

namespace crosscall::scenario {
namespace {

using core::StepPort;
using ::testing::ElementsAre;
using Calls = core::Calls<StepPort, core::PerTarget>;
using Trial = ScenarioRun<Calls>;
using Outcome = StepPort::Outcome;

constexpr core::u64 kSeeds = 25;

// Runs `text` under many schedules; all end without a violation. `check` sees each run.
template <class Check>
void ForEachSeed(const std::string& text, int rounds, Check&& check, const core::CallOptions& options = {}) {
  const CompiledScenario compiled = CompileText(text);
  for (core::u64 seed = 1; seed <= kSeeds; ++seed) {
    StepPort::Options port_options;
    port_options.seed = seed;
    Trial run(compiled, port_options, options);
    ASSERT_EQ(run.Run(rounds), Outcome::kFinished) << "seed " << seed;
    ASSERT_EQ(run.Violations(), 0u) << "seed " << seed;
    check(run);
  }
}

TEST(InterpreterTest, CpuWithoutProgramDoesNothing) {
  ForEachSeed("scenario: s\ncpus: 2\nprograms: {0: [irq_off]}\n", 1,
              [](Trial& run) { EXPECT_EQ(run.counts(1), RoundCounts{}); });
}

TEST(InterpreterTest, RepeatRunsItsBodyThatOften) {
  ForEachSeed("scenario: s\nprograms: {0: [{repeat: 3, do: [idle 1ns, {repeat: 4, do: [idle 100ns]}]}, idle 10us]}\n",
              2, [](Trial& run) { EXPECT_EQ(run.environment().idle_nanos, 2 * (3 * 401 + 10'000u)); });
}

TEST(InterpreterTest, WorkAsksTheEnvironmentForItsTicks) {
  const CompiledScenario compiled = CompileText("scenario: s\nprograms: {0: [work 5us]}\n");
  Trial run(compiled, {}, {});
  std::vector<core::u64> spans;
  run.environment().on_work = [&](core::u64 nanos) { spans.push_back(nanos); };
  ASSERT_EQ(run.Run(), Outcome::kFinished);
  EXPECT_THAT(spans, ElementsAre(5000));
}

TEST(InterpreterTest, MaskIsOpenedAtTheEndOfARound) {
  ForEachSeed("scenario: s\nprograms: {0: [irq_off], 1: [call 0 noop wait]}\n", 3,
              [](Trial& run) { EXPECT_FALSE(run.port().masked(0)); });
}

TEST(InterpreterTest, IrqOffMasksUntilIrqOn) {
  const CompiledScenario compiled =
      CompileText("scenario: s\nprograms: {0: [work 1ns, irq_off, work 2ns, irq_on, work 3ns]}\n");
  Trial run(compiled, {}, {});
  std::vector<bool> masked;
  run.environment().on_work = [&](core::u64) { masked.push_back(run.port().IrqsMasked()); };
  ASSERT_EQ(run.Run(), Outcome::kFinished);
  EXPECT_THAT(masked, ElementsAre(false, true, false));
}

TEST(InterpreterTest, IrqsaveRestoresWhatItFound) {
  const CompiledScenario compiled = CompileText(
      "scenario: s\nprograms:\n  0: [lock_irqsave L, work 1ns, unlock_irqrestore L, work 2ns,\n"
      "      irq_off, lock_irqsave L, unlock_irqrestore L, work 3ns]\n");
  Trial run(compiled, {}, {});
  std::vector<bool> masked;
  run.environment().on_work = [&](core::u64) { masked.push_back(run.port().IrqsMasked()); };
  ASSERT_EQ(run.Run(), Outcome::kFinished);
  EXPECT_THAT(masked, ElementsAre(true, false, true));
}

TEST(InterpreterTest, LocksExclude) {
  const std::string text =
      "scenario: s\nfunctions: {touch: [work 1ns]}\n"
      "programs:\n  0: [{repeat: 4, do: [lock L, call self touch wait, unlock L]}]\n"
      "  1: [{repeat: 4, do: [lock_irqsave L, call self touch wait, unlock_irqrestore L]}]\n";
  const CompiledScenario compiled = CompileText(text);
  for (core::u64 seed = 1; seed <= kSeeds; ++seed) {
    StepPort::Options options;
    options.seed = seed;
    Trial run(compiled, options, {});
    int inside = 0;
    int visits = 0;
    run.environment().on_work = [&](core::u64) {
      EXPECT_EQ(++inside, 1);
      run.port().KickGap({});  // a step, at which the other CPU may go on
      --inside;
      ++visits;
    };
    ASSERT_EQ(run.Run(), Outcome::kFinished);
    EXPECT_EQ(visits, 8);
  }
}

TEST(InterpreterTest, UnlockByAnotherCpuIsReportedAndNotDone) {
  // CPU 1 runs the function, but CPU 0 holds the lock.
  const CompiledScenario compiled = CompileText(
      "scenario: s\nfunctions:\n  steal: [unlock L]\nprograms:\n  0: [lock L, call 1 steal wait, work 1ns, unlock "
      "L]\n");
  Trial run(compiled, {}, {});
  core::u64 holder = 0;
  run.environment().on_work = [&](core::u64) { holder = run.port().lock_state(1).holder; };
  ASSERT_EQ(run.Run(), Outcome::kFinished);
  EXPECT_EQ(holder, 1u);
  EXPECT_EQ(run.violations(1).kind, ViolationKind::kForeignUnlock);
  EXPECT_EQ(run.violations(1).line, 3u);
  EXPECT_EQ(run.Violations(), 1u);
}

TEST(InterpreterTest, LocksStayAsTheProgramLeftThem) {
  const CompiledScenario compiled = CompileText("scenario: s\nprograms: {0: [lock L]}\n");
  Trial once(compiled, {}, {});
  EXPECT_EQ(once.Run(1), Outcome::kFinished);
  Trial twice(compiled, {}, {});
  EXPECT_EQ(twice.Run(2), Outcome::kDeadlock);
}

TEST(InterpreterTest, EveryCallRunsItsFunctionOnceOnEachTarget) {
  const std::string text = R"(
scenario: s
functions: {f: [work 1ns]}
programs:
  0: [call 1 f wait, call self f wait, call 1-2 f wait, call others f wait, call all f wait, run_on all f wait,
      run_on self f wait, call_async 1 f, call 2 f nowait, run_on all f nowait, wait_all]
  2: []
)";
  ForEachSeed(text, 2, [](Trial& run) {
    EXPECT_EQ(run.counts(0), (RoundCounts{.calls = 20}));
    EXPECT_EQ(run.environment().results.size(), 20u);
    EXPECT_EQ(run.environment().calls_before, 20u);
    EXPECT_EQ(run.environment().last_intended, 20u);
  });
  const CompiledScenario compiled = CompileText(text);
  Trial run(compiled, {}, {});
  std::vector<int> runs(3);
  run.environment().on_work = [&](core::u64) {
    ++runs[run.port().Me()];
    EXPECT_TRUE(run.port().IrqsMasked());
  };
  ASSERT_EQ(run.Run(), Outcome::kFinished);
  EXPECT_THAT(runs, ElementsAre(4, 7, 6));
}

TEST(InterpreterTest, EmptyMaskIsASuccess) {
  ForEachSeed("scenario: s\nprograms: {0: [call others noop wait, call others noop nowait, wait_all]}\n", 1,
              [](Trial& run) { EXPECT_EQ(run.Total(), (RoundCounts{.calls = 2})); });
}

TEST(InterpreterTest, NowaitCallsWaitForARecordWhenAllAreInUse) {
  // The ring holds at most 1024 records.
  const CompiledScenario compiled =
      CompileText("scenario: s\nprograms: {0: [{repeat: 1500, do: [call 1 noop nowait]}], 1: []}\n");
  ASSERT_EQ(compiled.view().nowait_slots, 1024u);
  Trial run(compiled, {}, {});
  ASSERT_EQ(run.Run(2), Outcome::kFinished);
  EXPECT_EQ(run.counts(0), (RoundCounts{.calls = 3000}));
  EXPECT_EQ(run.port().cpu_state(1).functions_run, 3000u);
  EXPECT_EQ(run.Violations(), 0u);
}

TEST(InterpreterTest, RoundEndsOnlyWhenItsNowaitCallsHaveFinished) {
  const CompiledScenario compiled =
      CompileText("scenario: s\nfunctions: {f: [work 1ns]}\nprograms: {0: [call 1 f nowait, call_async 1 f], 1: []}\n");
  for (core::u64 seed = 1; seed <= kSeeds; ++seed) {
    StepPort::Options options;
    options.seed = seed;
    Trial run(compiled, options, {});
    int ran = 0;
    bool ended = false;
    run.environment().on_work = [&](core::u64) {
      EXPECT_FALSE(ended);
      ++ran;
    };
    const auto outcome = run.port().Run([&](core::CpuId cpu) {
      run.RunRound();
      if (cpu == 0) ended = true;
    });
    ASSERT_EQ(outcome, Outcome::kFinished);
    EXPECT_EQ(ran, 2);
  }
}

TEST(InterpreterTest, AsyncRecordInUseIsBusyAndQueuesNothing) {
  // CPU 1 takes nothing until both have passed the barrier, so the second call finds the record queued.
  ForEachSeed(
      "scenario: s\nprograms:\n  0: [barrier masked, {repeat: 2, do: [call_async 1 noop]}, barrier called]\n"
      "  1: [irq_off, barrier masked, barrier called, irq_on]\n",
      3, [](Trial& run) {
        EXPECT_EQ(run.counts(0), (RoundCounts{.calls = 6, .busy = 3}));
        EXPECT_EQ(run.port().cpu_state(1).functions_run, 3u);
      });
}

TEST(InterpreterTest, FailFastRefusalsAreCounted) {
  ForEachSeed(
      "scenario: s\nprograms: {0: [irq_off, call 1 noop wait, run_on 1 noop wait, irq_on, call 1 noop wait]}\n", 1,
      [](Trial& run) { EXPECT_EQ(run.counts(0), (RoundCounts{.calls = 3, .refused = 2})); },
      core::CallOptions{.policy = core::WaitPolicy::kFailFast});
}

TEST(InterpreterTest, StrictModeRefusesMisuse) {
  ForEachSeed(
      "scenario: s\nprograms: {0: [irq_off, call 1 noop nowait, irq_on, call 1 noop nowait]}\n", 1,
      [](Trial& run) { EXPECT_EQ(run.counts(0), (RoundCounts{.calls = 2, .refused = 1})); },
      core::CallOptions{.strict = true});
}

TEST(InterpreterTest, BarrierHoldsAllUntilTheLastArrives) {
  const CompiledScenario compiled = CompileText(
      "scenario: s\nprograms:\n  0: [{repeat: 5, do: [work 1ns, barrier B]}]\n  1: [{repeat: 5, do: [work 1ns, barrier "
      "B]}]\n"
      "  2: [{repeat: 5, do: [work 1ns, barrier B]}]\n");
  for (core::u64 seed = 1; seed <= kSeeds; ++seed) {
    StepPort::Options options;
    options.seed = seed;
    Trial run(compiled, options, {});
    std::vector<int> passed(3);
    run.environment().on_work = [&](core::u64) {
      const int mine = ++passed[run.port().Me()];
      for (const int other : passed) EXPECT_LE(std::abs(mine - other), 1);
    };
    ASSERT_EQ(run.Run(2), Outcome::kFinished);
    EXPECT_THAT(passed, ElementsAre(10, 10, 10));
  }
}

TEST(InterpreterTest, WaitAtABarrierIsVisibleFromOutside) {
  const CompiledScenario compiled =
      CompileText("scenario: s\nprograms:\n  0: [barrier A, barrier B]\n  1: [barrier A, lock L, lock L, barrier B]\n");
  Trial run(compiled, {}, {});
  ASSERT_EQ(run.Run(), Outcome::kDeadlock);
  EXPECT_EQ(run.port().cpu_state(0).site, static_cast<core::u64>(core::Site::kBarrier));
  EXPECT_EQ(run.port().cpu_state(0).wait_for, 1u);
  EXPECT_EQ(run.port().cpu_state(1).site, static_cast<core::u64>(core::Site::kLock));
}

TEST(InterpreterTest, OfflineCpuIsUnreachableAndBackOnlineAfterTheRound) {
  ForEachSeed(
      "scenario: s\nprograms:\n"
      "  0: [barrier left, call 1 noop wait, call_async 1 noop, call others noop wait, call others noop nowait, "
      "barrier done]\n"
      "  1: [offline, barrier left, barrier done]\n",
      2, [](Trial& run) {
        EXPECT_EQ(run.counts(0), (RoundCounts{.calls = 8, .unreachable = 4}));
        EXPECT_TRUE(run.calls().Online().Has(1));
        EXPECT_EQ(run.port().cpu_state(1).functions_run, 0u);
      });
}

TEST(InterpreterTest, NothingQueuedIsLostWhenItsTargetLeaves) {
  ForEachSeed(
      "scenario: s\nprograms:\n"
      "  0: [{repeat: 6, do: [call others noop nowait, call 1 noop nowait, call 1 noop wait, run_on all noop wait]}]\n"
      "  1: [{repeat: 6, do: [offline, online]}]\n  2: [{repeat: 6, do: [call others noop nowait]}]\n",
      2, [](Trial& run) { EXPECT_EQ(run.Total().refused, 0u); });
}

TEST(InterpreterTest, CallsOfFunctionsAreCountedOnTheCpuThatRanThem) {
  ForEachSeed(
      "scenario: s\nfunctions: {f: [call 0 noop nowait]}\n"
      "programs: {0: [call 1 f wait, barrier done], 1: [barrier done]}\n",
      1, [](Trial& run) {
        EXPECT_EQ(run.counts(0).calls, 1u);
        EXPECT_EQ(run.counts(1).calls, 1u);
      });
}

TEST(InterpreterTest, DevicesRunTheirFunctionMasked) {
  const CompiledScenario compiled = CompileText(
      "scenario: s\nfunctions: {tick: [work 7ns]}\n"
      "programs: {0: [{repeat: 20, do: [call 1 noop wait]}], 1: [{repeat: 20, do: [call 0 noop wait]}]}\n"
      "interrupts: [{cpu: 1, run: tick, times: 5}]\n");
  StepPort::Options options;
  options.devices_per_cpu = 5;
  Trial run(compiled, options, {});
  int ticks = 0;
  run.environment().on_work = [&](core::u64) {
    EXPECT_EQ(run.port().Me(), 1u);
    EXPECT_TRUE(run.port().IrqsMasked());
    ++ticks;
  };
  ASSERT_EQ(run.Run(), Outcome::kFinished);
  EXPECT_EQ(ticks, 5);
  EXPECT_EQ(run.Violations(), 0u);
}

TEST(InterpreterTest, UnboundedNestingIsAViolationAndEnds) {
  // On CPU 0 `call 0 f` is an inline call of itself.
  const CompiledScenario compiled =
      CompileText("scenario: s\nfunctions: {f: [call 0 f wait]}\nprograms: {0: [call 0 f wait]}\n");
  Trial run(compiled, {}, {});
  ASSERT_EQ(run.Run(), Outcome::kFinished);
  EXPECT_EQ(run.violations(0).kind, ViolationKind::kNesting);
  EXPECT_EQ(run.violations(0).count, 1u);
}

TEST(InterpreterTest, HeartbeatMovesWithEveryOperation) {
  const CompiledScenario compiled = CompileText("scenario: s\nprograms: {0: [{repeat: 10, do: [idle 1ns]}]}\n");
  Trial run(compiled, {}, {});
  ASSERT_EQ(run.Run(), Outcome::kFinished);
  EXPECT_GE(run.port().cpu_state(0).heartbeat, 21u);
}

}  // namespace
}  // namespace crosscall::scenario
