// What the contract battery does not see: the account that the calls leave for the watchdog, calls at interrupt level,
// the largest machine, and requests that come too late. On the step port.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "tests/agent/core/step_run.h"

namespace crosscall::core {
namespace {

using testing::ElementsAre;

template <class V>
void ForEachAlgorithm(V&& visit) {
  for (u32 i = 0; i < kAlgorithmCount; ++i) {
    SCOPED_TRACE(kAlgorithmNames[i]);
    VisitAlgorithm<StepPort>(static_cast<AlgorithmKind>(i), visit);
  }
}

void Nothing(void*) {}

std::vector<Stage> StagesOn(const StepPort& port, CpuId cpu) {
  std::vector<Stage> stages;
  for (const Stamp& stamp : port.stamps()) {
    if (stamp.reserved == cpu) stages.push_back(static_cast<Stage>(stamp.stage));
  }
  return stages;
}

TEST(CallsTest, WaitingCallStampsEveryStage) {
  ForEachAlgorithm([]<template <class> class A>() {
    StepPort::Options options;
    options.keep_stamps = true;
    StepRun<A> run(options, CallOptions());
    ASSERT_EQ(run.Run([&](CpuId cpu) {
      if (cpu == 0) run.calls().CallSingle(1, &Nothing, nullptr, true);
    }),
              StepPort::Outcome::kFinished);
    EXPECT_THAT(StagesOn(run.port(), 0), ElementsAre(Stage::kEnter, Stage::kClaim, Stage::kPublish, Stage::kKick,
                                                     Stage::kKicked, Stage::kObserved, Stage::kReturn));
    EXPECT_THAT(StagesOn(run.port(), 1), ElementsAre(Stage::kIpiEntry, Stage::kDrain, Stage::kFnEntry, Stage::kFnExit,
                                                     Stage::kComplete, Stage::kHandlerExit));
    for (const Stamp& stamp : run.port().stamps()) {
      const bool of_no_call =
          stamp.stage == static_cast<u16>(Stage::kIpiEntry) || stamp.stage == static_cast<u16>(Stage::kHandlerExit);
      EXPECT_EQ(stamp.call, of_no_call ? 0 : CallId(0, 1));
      if (of_no_call) continue;
      EXPECT_EQ(stamp.peer, stamp.reserved == 0 ? 1 : 0);
    }
  });
}

TEST(CallsTest, PolledCallHasNoIpiEntryBeforeItsDrain) {
  ForEachAlgorithm([]<template <class> class A>() {
    StepPort::Options options;
    options.keep_stamps = true;
    CallOptions polling;
    polling.policy = WaitPolicy::kPollEverywhere;
    StepRun<A> run(options, polling);
    StepPort::Atomic<u32> masked = {};
    StepPort::Atomic<u32> done = {};
    ASSERT_EQ(run.Run([&](CpuId cpu) {
      if (cpu == 1) {
        run.port().MaskIrqs();
        masked.store(1, Order::kRelease);
        run.calls().WaitUntil(Site::kCompletion, [&] { return done.load(Order::kAcquire) == 1; });
        run.port().OpenIrqs();
      } else {
        run.calls().WaitUntil(Site::kBarrier, [&] { return masked.load(Order::kAcquire) == 1; });
        run.calls().CallSingle(1, &Nothing, nullptr, true);
        done.store(1, Order::kRelease);
      }
    }),
              StepPort::Outcome::kFinished);
    const std::vector<Stage> target = StagesOn(run.port(), 1);
    ASSERT_GE(target.size(), 2U);
    EXPECT_EQ(target[0], Stage::kPollHit);
    EXPECT_EQ(target[1], Stage::kDrain);
    EXPECT_EQ(run.port().cpu_state(1).poll_hits, 1U);
    EXPECT_EQ(run.port().cpu_state(1).spurious_entries, 1U) << "the latch that polling left";
  });
}

TEST(CallsTest, SpuriousIpiIsCounted) {
  ForEachAlgorithm([]<template <class> class A>() {
    StepRun<A> run(StepPort::Options{}, CallOptions{});
    ASSERT_EQ(run.Run([&](CpuId cpu) {
      if (cpu == 0) run.port().SendIpis(CpuSet::Of(1));
    }),
              StepPort::Outcome::kFinished);
    EXPECT_EQ(run.port().cpu_state(1).spurious_entries, 1U);
    EXPECT_EQ(run.port().cpu_state(1).functions_run, 0U);
  });
}

// The target never opens: the caller's account must say what an observer needs.
TEST(CallsTest, StuckCallerSaysWhomItWaitsFor) {
  ForEachAlgorithm([]<template <class> class A>() {
    StepPort::Options options;
    options.cpus = 3;
    StepRun<A> run(options, CallOptions());
    StepPort::Atomic<u32> masked = {};
    StepPort::Atomic<u32> never = {};
    ASSERT_EQ(run.Run([&](CpuId cpu) {
      if (cpu == 2) {
        run.port().MaskIrqs();
        masked.store(1, Order::kRelease);
        run.calls().WaitUntil(Site::kBarrier, [&] { return never.load(Order::kAcquire) == 1; });
      }
      if (cpu != 0) return;
      run.calls().WaitUntil(Site::kBarrier, [&] { return masked.load(Order::kAcquire) == 1; });
      run.calls().CallOthers(&Nothing, nullptr, true);
    }),
              StepPort::Outcome::kDeadlock);
    const CpuState& caller = run.port().cpu_state(0);
    EXPECT_EQ(caller.site, static_cast<u64>(Site::kCompletion));
    EXPECT_EQ(caller.wait_call, CallId(0, 1));
    EXPECT_EQ(caller.wait_mask[0], u64{1} << 2) << "CPU 1 has answered";
    ASSERT_EQ(caller.frame_count, 1U);
    EXPECT_EQ(caller.frames[0].call, CallId(0, 1));
    EXPECT_EQ(caller.frames[0].packed & 0xff, static_cast<u64>(FrameKind::kCall));
    EXPECT_EQ(caller.frames[0].packed >> 8 & 0xff, static_cast<u64>(CallPhase::kKicked));
    const CpuState& target = run.port().cpu_state(2);
    EXPECT_EQ(target.site, static_cast<u64>(Site::kBarrier));
    EXPECT_EQ(target.requests_published, 1U);
    EXPECT_EQ(target.requests_taken, 0U);
    EXPECT_EQ(target.last_publish_call, CallId(0, 1));
    EXPECT_EQ(target.ipi_entries, 0U);
  });
}

// Where the table of section 4.8 says so, a call may interrupt a call of the same CPU at any point: programs, device
// handlers and, under ipi_open, IPI handlers that interrupt both make nowait calls. One device interrupt a CPU: a
// second call at interrupt level may wait, masked, for a slot or for memory, and that may deadlock.
template <template <class> class A>
class InterruptLevel {
 public:
  InterruptLevel(IrqModel irq_model, u64 seed)
      : seed_(seed), run_(Options(irq_model, seed), CallOptions{WaitPolicy::kSpin, irq_model}) {
    run_.set_device([this] { CallOthers(); });
  }

  void Run() {
    ASSERT_EQ(run_.Run([this](CpuId cpu) { Program(cpu); }), StepPort::Outcome::kFinished) << "seed " << seed_;
    EXPECT_EQ(runs_.load(Order::kRelaxed), expected_.load(Order::kRelaxed)) << "seed " << seed_;
  }

 private:
  static StepPort::Options Options(IrqModel irq_model, u64 seed) {
    StepPort::Options options;
    options.cpus = 3;
    options.irq_model = irq_model;
    options.seed = seed;
    options.devices_per_cpu = 1;
    return options;
  }
  static void Count(void* self) { static_cast<InterruptLevel*>(self)->runs_.fetch_add(1, Order::kAcqRel); }
  static void CountAndPassOn(void* self) {
    auto& test = *static_cast<InterruptLevel*>(self);
    Count(self);
    EXPECT_EQ(test.run_.calls().CallSingle((test.run_.port().Me() + 1) % 3, &Count, self, false), Result::kOk);
  }

  void CallOthers() {
    expected_.fetch_add(2, Order::kAcqRel);
    EXPECT_EQ(run_.calls().CallOthers(&Count, this, false), Result::kOk);
  }
  void Program(CpuId cpu) {
    for (int i = 0; i < 6; ++i) {
      CallOthers();
      // Handlers that call may wait for each other's slots, which only open IPIs resolve.
      const bool pass_on = A<StepPort>::kFunctionsCall && run_.calls().options().irq_model == IrqModel::kIpiOpen;
      expected_.fetch_add(pass_on ? 2 : 1, Order::kAcqRel);
      EXPECT_EQ(run_.calls().CallSingle((cpu + 1) % 3, pass_on ? &CountAndPassOn : &Count, this, i % 2 == 0),
                Result::kOk);
    }
    run_.calls().WaitUntil(Site::kBarrier,
                           [this] { return runs_.load(Order::kAcquire) == expected_.load(Order::kAcquire); });
  }

  const u64 seed_;
  StepRun<A> run_;
  StepPort::Atomic<u64> expected_ = {};
  StepPort::Atomic<u64> runs_ = {};
};

TEST(CallsTest, InterruptLevelCallsMayFallIntoCallsWhereAllowed) {
  ForEachAlgorithm([]<template <class> class A>() {
    if (!A<StepPort>::kInterruptCalls) return;
    for (u64 seed = 1; seed <= 300; ++seed) {
      InterruptLevel<A>(IrqModel::kMaskAll, seed).Run();
      InterruptLevel<A>(IrqModel::kIpiOpen, seed).Run();
    }
  });
}

// Two records queued behind each other: the first moves to another queue before the second is served.
TEST(CallsTest, RecordThatMovesOnTakesNobodyAlong) {
  ForEachAlgorithm([]<template <class> class A>() {
    if (A<StepPort>::kAlwaysWaits) return;
    // The grid has one slot for the pair: there the second call cannot be queued behind the first.
    constexpr bool kQueues = !SameAs<A<StepPort>, MailboxGrid<StepPort>>;
    StepRun<A> run(StepPort::Options{}, CallOptions{});
    StepPort::Atomic<u32> barred = {};
    StepPort::Atomic<u32> open = {};
    struct Mover {
      StepRun<A>* run;
      AsyncRecord<StepPort> record;
    } mover{&run, {}};
    mover.record.argument = &mover;
    mover.record.function = [](void* argument) {
      Mover& self = *static_cast<Mover*>(argument);
      if (self.run->port().Me() == 0) return;
      EXPECT_EQ(self.run->calls().CallAsync(0, self.record), Result::kOk);
    };
    ASSERT_EQ(run.Run([&](CpuId cpu) {
      if (cpu == 1) {
        const u32 previous = run.port().Bar();
        barred.store(1, Order::kRelease);
        run.calls().WaitUntil(Site::kBarrier, [&] { return open.load(Order::kAcquire) == 1; });
        run.port().Unbar(previous);
      } else {
        run.calls().WaitUntil(Site::kBarrier, [&] { return barred.load(Order::kAcquire) == 1; });
        EXPECT_EQ(run.calls().CallAsync(1, mover.record), Result::kOk);
        if (kQueues) {
          EXPECT_EQ(run.calls().CallSingle(1, &Nothing, nullptr, false), Result::kOk);
        }
        open.store(1, Order::kRelease);
      }
    }),
              StepPort::Outcome::kFinished);
    EXPECT_EQ(run.port().cpu_state(0).functions_run, 1U);
    EXPECT_EQ(run.port().cpu_state(1).functions_run, kQueues ? 2U : 1U);
  });
}

// CPUs stand still at any access, also while they walk a shared list: records must not be used again under them.
template <template <class> class A>
void CallManyWhileSomeStandStill(u64 seed) {
  StepPort::Options options;
  options.cpus = 5;
  options.seed = seed;
  options.deschedules = true;
  options.fail_allocs_every = seed % 4 == 1 ? 3 : 0;
  StepRun<A> run(options, CallOptions());
  StepPort::Atomic<u64> expected = {};
  StepPort::Atomic<u64> runs = {};
  const auto count = [](void* counter) { static_cast<StepPort::Atomic<u64>*>(counter)->fetch_add(1, Order::kAcqRel); };
  ASSERT_EQ(run.Run([&](CpuId cpu) {
    std::mt19937_64 random(seed * 8 + cpu);
    for (int i = 0; i < 24; ++i) {
      CpuSet mask;
      mask.set_word(0, random() & 0x1f);
      mask.Remove(cpu);
      // Rarely called, CPU 4 is often the one that stands still on a record while others use theirs again and again.
      if (seed % 2 == 0 && random() % 4 != 0) mask.Remove(4);
      expected.fetch_add(mask.Count(), Order::kAcqRel);
      EXPECT_EQ(run.calls().CallMany(mask, count, &runs, i % (seed % 2 == 0 ? 12 : 4) == 0), Result::kOk);
    }
  }),
            StepPort::Outcome::kFinished)
      << "seed " << seed;
  EXPECT_EQ(runs.load(Order::kRelaxed), expected.load(Order::kRelaxed)) << "seed " << seed;
}

TEST(CallsTest, RecordsAreNotUsedAgainUnderCpusThatStandStill) {
  ForEachAlgorithm([]<template <class> class A>() {
    for (u64 seed = 1; seed <= 240; ++seed) CallManyWhileSomeStandStill<A>(seed);
  });
}

TEST(CallsTest, RequestsThatComeAfterGoingOfflineRunAndAreCounted) {
  ForEachAlgorithm([]<template <class> class A>() {
    u64 late = 0;
    for (u64 seed = 1; seed <= 300; ++seed) {
      StepPort::Options options;
      options.seed = seed;
      StepRun<A> run(options, CallOptions());
      u64 accepted = 0;
      StepPort::Atomic<u64> runs = {};
      ASSERT_EQ(run.Run([&](CpuId cpu) {
        if (cpu == 1) return run.calls().GoOffline();
        const auto count = [](void* counter) {
          static_cast<StepPort::Atomic<u64>*>(counter)->fetch_add(1, Order::kAcqRel);
        };
        if (run.calls().CallSingle(1, count, &runs, false) == Result::kOk) ++accepted;
      }),
                StepPort::Outcome::kFinished);
      EXPECT_EQ(runs.load(Order::kRelaxed), accepted) << "seed " << seed;
      late += run.calls().late_drains();
    }
    EXPECT_GT(late, 0U);
  });
}

TEST(CallsTest, ThousandCpusTakeABroadcastAndCallBack) {
  ForEachAlgorithm([]<template <class> class A>() {
    StepPort::Options options;
    options.cpus = kMaxCpus;
    StepRun<A> run(options, CallOptions());
    StepPort::Atomic<u64> broadcast = {};
    StepPort::Atomic<u64> runs = {};
    const auto count = [](void* counter) {
      static_cast<StepPort::Atomic<u64>*>(counter)->fetch_add(1, Order::kRelaxed);
    };
    ASSERT_EQ(run.Run([&](CpuId cpu) {
      if (cpu == 0) {
        EXPECT_EQ(run.calls().OnEach(count, &broadcast, true), Result::kOk);
        EXPECT_EQ(broadcast.load(Order::kRelaxed), kMaxCpus);
        EXPECT_EQ(run.calls().CallSingle(kMaxCpus - 1, count, &runs, true), Result::kOk);
        EXPECT_EQ(run.calls().CallSingle(kMaxCpus, count, &runs, true), Result::kNoCpu);
      }
      // From both ends and across the words of a set.
      if (cpu == 63 || cpu == 64 || cpu == kMaxCpus - 1) {
        EXPECT_EQ(run.calls().CallSingle(kMaxCpus - 2 - cpu % 64, count, &runs, true), Result::kOk);
        EXPECT_EQ(run.calls().CallSingle(1, count, &runs, false), Result::kOk);
      }
    }),
              StepPort::Outcome::kFinished);
    EXPECT_EQ(runs.load(Order::kRelaxed), 7U);
  });
}

TEST(CallsTest, KickIfEmptySendsFewerKicksAndLosesNothing) {
  const auto kicks = [](KickRule rule) {
    u64 sent = 0;
    for (u64 seed = 1; seed <= 50; ++seed) {
      StepPort::Options options;
      options.cpus = 4;
      options.seed = seed;
      CallOptions calls;
      calls.kick_rule = rule;
      StepRun<MailboxGrid> run(options, calls);
      StepPort::Atomic<u64> runs = {};
      EXPECT_EQ(run.Run([&](CpuId cpu) {
        if (cpu == 0) return;
        for (int i = 0; i < 5; ++i) {
          run.calls().CallSingle(
              0, [](void* counter) { static_cast<StepPort::Atomic<u64>*>(counter)->fetch_add(1, Order::kRelaxed); },
              &runs, false);
        }
      }),
                StepPort::Outcome::kFinished);
      EXPECT_EQ(runs.load(Order::kRelaxed), 15U);
      for (CpuId cpu = 0; cpu < 4; ++cpu) sent += run.port().cpu_state(cpu).kicks_sent;
    }
    return sent;
  };
  const u64 always = kicks(KickRule::kAlways);
  const u64 if_empty = kicks(KickRule::kIfEmpty);
  EXPECT_GE(always, 750U);
  EXPECT_LT(if_empty, always);
}

// Without memory a nowait call of generic_2008 waits, and under fail_fast with interrupts masked says so instead.
TEST(CallsTest, AllocationFailureIsAnErrorOnlyWhereThePolicyRefusesToWait) {
  StepPort::Options options;
  options.fail_allocs_every = 1;
  CallOptions fail_fast;
  fail_fast.policy = WaitPolicy::kFailFast;
  StepRun<Generic2008> run(options, fail_fast);
  ASSERT_EQ(run.Run([&](CpuId cpu) {
    if (cpu != 0) return;
    run.port().MaskIrqs();
    EXPECT_EQ(run.calls().CallSingle(1, &Nothing, nullptr, false), Result::kNoMemory);
    run.port().OpenIrqs();
    EXPECT_EQ(run.calls().CallSingle(1, &Nothing, nullptr, false), Result::kOk);
    EXPECT_EQ(run.port().cpu_state(1).functions_run, 1U) << "it waited";
  }),
            StepPort::Outcome::kFinished);
}

// A masked nowait call whose record is in use is refused as a whole: no target of a mask call is called.
TEST(CallsTest, FailFastRefusesABusyRecordAndCallsNobody) {
  ForEachAlgorithm([]<template <class> class A>() {
    if (A<StepPort>::kAlwaysWaits || SameAs<A<StepPort>, Generic2008<StepPort>>) return;
    StepPort::Options options;
    options.cpus = 3;
    CallOptions fail_fast;
    fail_fast.policy = WaitPolicy::kFailFast;
    StepRun<A> run(options, fail_fast);
    StepPort::Atomic<u32> barred = {};
    StepPort::Atomic<u32> open = {};
    ASSERT_EQ(run.Run([&](CpuId cpu) {
      if (cpu == 2) {
        const u32 previous = run.port().Bar();
        barred.store(1, Order::kRelease);
        run.calls().WaitUntil(Site::kBarrier, [&] { return open.load(Order::kAcquire) == 1; });
        run.port().Unbar(previous);
      }
      if (cpu != 0) return;
      run.calls().WaitUntil(Site::kBarrier, [&] { return barred.load(Order::kAcquire) == 1; });
      run.port().MaskIrqs();
      EXPECT_EQ(run.calls().CallOthers(&Nothing, nullptr, false), Result::kOk);
      EXPECT_EQ(run.calls().CallOthers(&Nothing, nullptr, false), Result::kBusy);
      run.port().OpenIrqs();
      open.store(1, Order::kRelease);
    }),
              StepPort::Outcome::kFinished);
    EXPECT_EQ(run.port().cpu_state(1).functions_run, 1U);
    EXPECT_EQ(run.port().cpu_state(2).functions_run, 1U);
  });
}

}  // namespace
}  // namespace crosscall::core
