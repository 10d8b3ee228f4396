// The contract battery: what every implementation owes on every port, as cases that each build a machine of their own.
//
// A port's test instantiates Battery<M, A> over its adapter M (machine.h) and calls RunAll for each implementation; all
// cases keep to what the contract allows any algorithm (reference, sections 4.8 and 7), so none may hang or be refused
// unless the case says so. A failure names the case and the implementation.
#ifndef TESTS_CONTRACT_BATTERY_H_
#define TESTS_CONTRACT_BATTERY_H_

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "agent/core/algorithms.h"
#include "tests/contract/rig.h"

namespace crosscall::contract {

template <Machine M, template <class> class A>
class Battery {
 public:
  using R = Rig<M, A>;
  using P = typename R::P;

  Battery(const core::Implementation& implementation, u32 cpus, u64 seed)
      : implementation_(implementation), seed_(seed) {
    machine_.cpus = cpus;
    machine_.irq_model = implementation.irq_model;
    machine_.seed = seed;
    options_.policy = implementation.policy;
    options_.irq_model = implementation.irq_model;
  }

  void RunAll() {
    char name[core::kImplementationNameBytes];
    core::Format(implementation_, name, sizeof name);
    const auto run = [&](const char* which, void (Battery::*one)()) {
      SCOPED_TRACE(std::string(name) + ": " + which);
      (this->*one)();
    };
    run("argument and result are visible", &Battery::ArgumentAndResultAreVisible);
    run("mask calls run once on each target", &Battery::MaskCallsRunOnceOnEachTarget);
    run("nowait calls complete", &Battery::NowaitCallsComplete);
    run("records are re-used in flight", &Battery::RecordsAreReusedInFlight);
    run("async record is busy until taken", &Battery::AsyncRecordIsBusyUntilTaken);
    run("fn may queue its record again", &Battery::FnMayQueueItsRecordAgain);
    run("on_each runs its local part too", &Battery::OnEachRunsItsLocalPart);
    run("on_each_cond asks on the caller", &Battery::OnEachCondAsksOnTheCaller);
    run("call_any prefers me, then the nearest", &Battery::CallAnyPrefersMeThenTheNearest);
    run("empty masks succeed", &Battery::EmptyMasksSucceed);
    run("self calls run inline", &Battery::SelfCallsRunInline);
    run("offline CPUs are not called", &Battery::OfflineCpusAreNotCalled);
    run("handlers may call", &Battery::HandlersMayCall);
    run("refused handlers run nothing", &Battery::RefusedHandlersRunNothing);
    run("masked calls follow the policy", &Battery::MaskedCallsFollowThePolicy);
    run("strict mode refuses misuse", &Battery::StrictModeRefusesMisuse);
    run("random calls", &Battery::RandomCalls);
    run("duplicate and spurious IPIs are tolerated", &Battery::DuplicateIpisAreTolerated);
    run("calls survive failing allocation", &Battery::CallsSurviveFailingAllocation);
  }

  // Every CPU calls its neighbour, which answers into the caller's box; all at once.
  void ArgumentAndResultAreVisible() {
    R rig(machine_, options_);
    struct Box {
      u64 question = 0, answer = 0;
    };
    std::vector<Box> boxes(rig.cpus());
    rig.Run([&](CpuId cpu) {
      Box& box = boxes[cpu];
      for (u64 i = 1; i <= M::kRounds; ++i) {
        box.question = i;
        const Result result = rig.calls().CallSingle((cpu + 1) % rig.cpus(),
                                                     [](void* argument) {
                                                       Box& asked = *static_cast<Box*>(argument);
                                                       asked.answer = asked.question * 3 + 1;
                                                     },
                                                     &box, true);
        rig.Check(result == Result::kOk && box.answer == i * 3 + 1, __LINE__);
      }
    });
  }

  void MaskCallsRunOnceOnEachTarget() {
    R rig(machine_, options_);
    std::vector<std::vector<u64>> expected(rig.cpus(), std::vector<u64>(rig.cpus()));
    rig.Run([&](CpuId cpu) {
      std::mt19937_64 random(seed_ + cpu);
      for (u32 i = 0; i < M::kRounds; ++i) {
        CpuSet mask;
        mask.set_word(0, random());
        for (CpuId target = 0; target < rig.cpus(); ++target) {
          if (target != cpu && mask.Has(target)) ++expected[cpu][target];
        }
        rig.Check(rig.calls().CallMany(mask, &R::CountRun, &rig, true) == Result::kOk, __LINE__);
      }
    });
    for (CpuId target = 0; target < rig.cpus(); ++target) {
      u64 sum = 0;
      for (const auto& row : expected) sum += row[target];
      EXPECT_EQ(rig.runs(target), sum) << "on CPU " << target;
    }
  }

  void NowaitCallsComplete() {
    R rig(machine_, options_);
    rig.Run([&](CpuId cpu) {
      for (u32 i = 0; i < M::kRounds; ++i) {
        const CpuId target = (cpu + 1 + i % (rig.cpus() - 1)) % rig.cpus();
        rig.Check(rig.calls().CallSingle(target, &R::CountRun, &rig, false) == Result::kOk, __LINE__);
      }
      rig.Await([&] { return rig.runs() == u64{rig.cpus()} * M::kRounds; });
    });
    EXPECT_EQ(rig.runs(), u64{rig.cpus()} * M::kRounds);
  }

  // Nowait mask calls, back to back, and a waiting one behind them.
  void RecordsAreReusedInFlight() {
    R rig(machine_, options_);
    const u64 total = u64{M::kRounds} * (rig.cpus() - 1) + 1;
    rig.Run([&](CpuId cpu) {
      if (cpu == 0) {
        for (u32 i = 0; i < M::kRounds; ++i) {
          rig.Check(rig.calls().CallOthers(&R::CountRun, &rig, false) == Result::kOk, __LINE__);
        }
        rig.Check(rig.calls().CallSingle(1, &R::CountRun, &rig, true) == Result::kOk, __LINE__);
      }
      rig.Await([&] { return rig.runs() == total; });
    });
    EXPECT_EQ(rig.runs(), total);
  }

  // CPU 1 bars IPIs, so that the record stays queued. Algorithms that always wait could not return then.
  void AsyncRecordIsBusyUntilTaken() {
    if (A<P>::kAlwaysWaits) return;
    R rig(machine_, options_);
    typename P::template Atomic<u32> barred = {};
    typename P::template Atomic<u32> open = {};
    core::AsyncRecord<P> record{&R::CountRun, &rig, {}};
    rig.Run([&](CpuId cpu) {
      if (cpu == 1) {
        const u32 previous = rig.port().Bar();
        barred.store(1, Order::kRelease);
        rig.Await([&] { return open.load(Order::kAcquire) == 1; });
        rig.port().Unbar(previous);
      }
      if (cpu != 0) return;
      rig.Await([&] { return barred.load(Order::kAcquire) == 1; });
      rig.Check(rig.calls().CallAsync(1, record) == Result::kOk, __LINE__);
      rig.Check(record.InUse(), __LINE__);
      rig.Check(rig.calls().CallAsync(1, record) == Result::kBusy, __LINE__);
      open.store(1, Order::kRelease);
      rig.Await([&] { return rig.runs(1) == 1; });
      rig.Check(!record.InUse(), __LINE__);
      rig.Check(rig.calls().CallAsync(1, record) == Result::kOk, __LINE__);
      rig.Await([&] { return rig.runs(1) == 2; });
    });
    EXPECT_EQ(rig.runs(1), 2U);
  }

  // A record travels between CPUs 0 and 1, queued anew by the function it carries.
  void FnMayQueueItsRecordAgain() {
    if (!A<P>::kFunctionsCall || HandlersAreRefused()) return;
    R rig(machine_, options_);
    struct Traveller {
      R* rig;
      core::AsyncRecord<P> record;
    } traveller{&rig, {}};
    traveller.record.argument = &traveller;
    traveller.record.function = [](void* argument) {
      Traveller& self = *static_cast<Traveller*>(argument);
      R& own = *self.rig;
      R::CountRun(&own);
      if (own.runs() == 8) return;
      own.Check(own.calls().CallAsync(1 - own.port().Me(), self.record) == Result::kOk, __LINE__);
    };
    rig.Run([&](CpuId cpu) {
      if (cpu == 0) rig.Check(rig.calls().CallAsync(1, traveller.record) == Result::kOk, __LINE__);
      rig.Await([&] { return rig.runs() >= 8; });
    });
    EXPECT_EQ(rig.runs(0), 4U);
    EXPECT_EQ(rig.runs(1), 4U);
  }

  void OnEachRunsItsLocalPart() {
    R rig(machine_, options_);
    rig.Run([&](CpuId cpu) {
      if (cpu == 0) {
        rig.Check(rig.calls().OnEach(&R::CountRun, &rig, true) == Result::kOk, __LINE__);
        rig.Check(rig.runs() == rig.cpus(), __LINE__);
        rig.Check(!rig.port().IrqsMasked(), __LINE__);
        rig.Check(rig.calls().OnEachMask(CpuSet::Of(0), &R::CountRun, &rig, false) == Result::kOk, __LINE__);
        rig.Check(rig.runs(0) == 2, __LINE__);
        rig.Check(rig.calls().OnEachMask(CpuSet::Of(1), &R::CountRun, &rig, true) == Result::kOk, __LINE__);
        rig.Check(rig.runs(0) == 2 && rig.runs(1) == 2, __LINE__);
        rig.Check(rig.calls().OnEach(&R::CountRun, &rig, false) == Result::kOk, __LINE__);
        rig.Check(rig.calls().KickAllSync() == Result::kOk, __LINE__);
      }
      rig.Await([&] { return rig.runs() == 2 * u64{rig.cpus()} + 2; });
    });
  }

  void OnEachCondAsksOnTheCaller() {
    R rig(machine_, options_);
    rig.Run([&](CpuId cpu) {
      if (cpu != 0) return;
      const auto even = [](CpuId asked, void* argument) {
        R& own = *static_cast<R*>(argument);
        own.Check(own.port().Me() == 0, __LINE__);
        return asked % 2 == 0;
      };
      const CpuSet all = CpuSet::First(rig.cpus() + 3);  // Members that do not exist are skipped.
      rig.Check(rig.calls().OnEachCond(even, all, &R::CountRun, &rig, true) == Result::kOk, __LINE__);
    });
    for (CpuId cpu = 0; cpu < rig.cpus(); ++cpu) EXPECT_EQ(rig.runs(cpu), cpu % 2 == 0 ? 1U : 0U);
  }

  void CallAnyPrefersMeThenTheNearest() {
    R rig(machine_, options_);
    const CpuId far = rig.cpus() - 1;
    rig.Run([&](CpuId cpu) {
      if (cpu != 0) return;
      CpuSet mask = CpuSet::First(rig.cpus());
      rig.Check(rig.calls().CallAny(mask, &R::CountRun, &rig, true) == Result::kOk, __LINE__);
      rig.Check(rig.runs(0) == 1 && rig.runs() == 1, __LINE__);
      mask.Remove(0);
      rig.Check(rig.calls().CallAny(mask, &R::CountRun, &rig, true) == Result::kOk, __LINE__);
      rig.Check(rig.runs(1) == 1 && rig.runs() == 2, __LINE__);
      rig.Check(rig.calls().CallAny(CpuSet::Of(far), &R::CountRun, &rig, true) == Result::kOk, __LINE__);
      rig.Check(rig.runs() == 3 && rig.runs(far) >= 1, __LINE__);
      rig.Check(rig.calls().CallAny(CpuSet(), &R::CountRun, &rig, true) == Result::kNoCpu, __LINE__);
    });
    EXPECT_EQ(rig.runs(), 3U);
  }

  void EmptyMasksSucceed() {
    R rig(machine_, options_);
    rig.Run([&](CpuId cpu) {
      if (cpu != 0) return;
      const u64 kicks = core::Peek(rig.port().state().kicks_sent);
      rig.Check(rig.calls().CallMany(CpuSet(), &R::CountRun, &rig, true) == Result::kOk, __LINE__);
      rig.Check(rig.calls().CallMany(CpuSet::Of(0), &R::CountRun, &rig, true) == Result::kOk, __LINE__);
      rig.Check(rig.calls().OnEachMask(CpuSet(), &R::CountRun, &rig, true) == Result::kOk, __LINE__);
      rig.Check(rig.calls().OnEachMask(CpuSet::Of(rig.cpus()), &R::CountRun, &rig, true) == Result::kOk, __LINE__);
      rig.Check(core::Peek(rig.port().state().kicks_sent) == kicks, __LINE__);
    });
    EXPECT_EQ(rig.runs(), 0U);
  }

  void SelfCallsRunInline() {
    R rig(machine_, options_);
    rig.Run([&](CpuId cpu) {
      rig.Check(rig.calls().CallSingle(cpu, &R::CountRun, &rig, false) == Result::kOk, __LINE__);
      rig.Check(rig.runs(cpu) == 1 && !rig.port().IrqsMasked(), __LINE__);
      core::AsyncRecord<P> record{&R::CountRun, &rig, {}};
      rig.Check(rig.calls().CallAsync(cpu, record) == Result::kOk && !record.InUse(), __LINE__);
      rig.Check(rig.runs(cpu) == 2, __LINE__);
    });
    EXPECT_EQ(rig.runs(), 2 * u64{rig.cpus()});
  }

  void OfflineCpusAreNotCalled() {
    R rig(machine_, options_);
    rig.Run([&](CpuId cpu) {
      if (cpu == 1) rig.calls().GoOffline();
      rig.Meet();
      if (cpu == 0) {
        core::AsyncRecord<P> record{&R::CountRun, &rig, {}};
        rig.Check(!rig.calls().Online().Has(1), __LINE__);
        rig.Check(rig.calls().CallSingle(1, &R::CountRun, &rig, true) == Result::kNoCpu, __LINE__);
        rig.Check(rig.calls().CallSingle(rig.cpus(), &R::CountRun, &rig, false) == Result::kNoCpu, __LINE__);
        rig.Check(rig.calls().CallAsync(1, record) == Result::kNoCpu && !record.InUse(), __LINE__);
        rig.Check(rig.calls().CallAny(CpuSet::Of(1), &R::CountRun, &rig, true) == Result::kNoCpu, __LINE__);
        rig.Check(rig.calls().CallMany(CpuSet::Of(1), &R::CountRun, &rig, true) == Result::kOk, __LINE__);
        rig.Check(rig.runs() == 0, __LINE__);
        rig.Check(rig.calls().OnEach(&R::CountRun, &rig, true) == Result::kOk, __LINE__);
        rig.Check(rig.runs() == rig.cpus() - 1 && rig.runs(1) == 0, __LINE__);
      }
      rig.Meet();
      if (cpu == 1) rig.calls().GoOnline();
      rig.Meet();
      if (cpu == 0) rig.Check(rig.calls().CallSingle(1, &R::CountRun, &rig, true) == Result::kOk, __LINE__);
    });
    EXPECT_EQ(rig.runs(1), 1U);
    EXPECT_EQ(rig.calls().late_drains(), 0U);
  }

  // A nowait call out of a handler, back to the CPU whose nowait call runs it.
  void HandlersMayCall() {
    if (!A<P>::kFunctionsCall || HandlersAreRefused()) return;
    R rig(machine_, options_);
    rig.Run([&](CpuId cpu) {
      for (u64 i = 1; cpu == 0 && i <= M::kRounds; ++i) {
        const Result result = rig.calls().CallSingle(
            1,
            [](void* argument) {
              R& own = *static_cast<R*>(argument);
              own.Check(own.calls().CallSingle(0, &R::CountRun, &own, false) == Result::kOk, __LINE__);
            },
            &rig, false);
        rig.Check(result == Result::kOk, __LINE__);
        rig.Await([&] { return rig.runs(0) == i; });
      }
    });
    EXPECT_EQ(rig.runs(0), M::kRounds);
  }

  // fail_fast: a handler is masked, and there is no call that does not wait. The caller sees kBusy, nothing is run.
  void RefusedHandlersRunNothing() {
    if (!HandlersAreRefused()) return;
    R rig(machine_, options_);
    typename P::template Atomic<u32> ended = {};
    struct Called {
      R* rig;
      typename P::template Atomic<u32>* ended;
    } called{&rig, &ended};
    rig.Run([&](CpuId cpu) {
      if (cpu != 0) return;
      const auto call_back = [](void* argument) {
        Called& own = *static_cast<Called*>(argument);
        own.rig->Check(own.rig->calls().CallSingle(0, &R::CountRun, own.rig, false) == Result::kBusy, __LINE__);
        own.ended->fetch_add(1, Order::kAcqRel);
      };
      rig.Check(rig.calls().CallSingle(1, call_back, &called, true) == Result::kOk, __LINE__);
      rig.Check(ended.load(Order::kAcquire) == 1, __LINE__);
    });
    EXPECT_EQ(rig.runs(), 0U);
  }

  // The target is open, so every policy but fail_fast completes.
  void MaskedCallsFollowThePolicy() {
    R rig(machine_, options_);
    const bool fail_fast = options_.policy == core::WaitPolicy::kFailFast;
    rig.Run([&](CpuId cpu) {
      if (cpu != 0) return;
      rig.port().MaskIrqs();
      const Result waiting = rig.calls().CallSingle(1, &R::CountRun, &rig, true);
      const u64 after_waiting = rig.runs();
      const Result nowait = rig.calls().CallSingle(1, &R::CountRun, &rig, false);
      rig.Check(rig.port().IrqsMasked(), __LINE__);
      rig.port().OpenIrqs();
      rig.Check(waiting == (fail_fast ? Result::kBusy : Result::kOk), __LINE__);
      rig.Check(after_waiting == (fail_fast ? 0 : 1), __LINE__);
      rig.Check(nowait == (fail_fast && A<P>::kAlwaysWaits ? Result::kBusy : Result::kOk), __LINE__);
      const u64 accepted = (waiting == Result::kOk ? 1 : 0) + (nowait == Result::kOk ? 1 : 0);
      rig.Await([&] { return rig.runs() == accepted; });
    });
    EXPECT_EQ(rig.calls().misuse_count(), 1U);  // One kind, however often.
  }

  void StrictModeRefusesMisuse() {
    CallOptions strict = options_;
    strict.strict = true;
    R rig(machine_, strict);
    core::ProgramLock<P> lock(1);
    rig.Run([&](CpuId cpu) {
      if (cpu == 0) {
        rig.port().MaskIrqs();
        rig.Check(rig.calls().CallSingle(1, &R::CountRun, &rig, true) == Result::kWouldDeadlock, __LINE__);
        rig.Check(rig.calls().OnEach(&R::CountRun, &rig, false) == Result::kWouldDeadlock, __LINE__);
        rig.port().OpenIrqs();
        rig.Check(rig.calls().CallSingle(1, &R::CountRun, &rig, true) == Result::kOk, __LINE__);
        rig.calls().Lock(lock);
      }
      rig.Meet();
      if (cpu == 1) rig.calls().Unlock(lock);
      rig.Meet();
      if (cpu == 0) {
        rig.Check(lock.HeldBy(0), __LINE__);
        rig.calls().Unlock(lock);
      }
    });
    EXPECT_EQ(rig.runs(), 1U);
    ASSERT_EQ(rig.calls().misuse_count(), 2U);
    EXPECT_EQ(rig.calls().misuse(0).rule, core::MisuseRule::kIrqsMasked);
    EXPECT_EQ(rig.calls().misuse(0).context, core::CallContext::kTaskMasked);
    EXPECT_EQ(rig.calls().misuse(0).times, 2U);
    EXPECT_EQ(rig.calls().misuse(1).rule, core::MisuseRule::kUnlockByOther);
    EXPECT_EQ(rig.calls().misuse(1).caller, 1U);
  }

  void RandomCalls() { Storm(machine_); }
  void DuplicateIpisAreTolerated() {
    MachineOptions noisy = machine_;
    noisy.duplicate_ipis = true;
    Storm(noisy);
  }
  void CallsSurviveFailingAllocation() {
    MachineOptions poor = machine_;
    poor.fail_allocs_every = 2;
    Storm(poor);
  }

 private:
  bool HandlersAreRefused() const { return A<P>::kAlwaysWaits && options_.policy == core::WaitPolicy::kFailFast; }

  // What one waiting call carries: the sequence number must arrive, and the answers of all targets come back.
  template <class Atomic>
  struct Parcel {
    R* rig;
    u64 sequence;
    u64 copy;  // written before the call, compared by fn: a stale record shows
    Atomic answers;
  };

  // All CPUs make random calls of every kind at once.
  void Storm(const MachineOptions& machine) {
    R rig(machine, options_);
    typename P::template Atomic<u64> expected = {};
    rig.Run([&](CpuId cpu) {
      std::mt19937_64 random(seed_ * 1000 + cpu);
      for (u64 i = 1; i <= M::kRounds; ++i) expected.fetch_add(RandomCall(rig, cpu, i, random), Order::kAcqRel);
      rig.Meet();
      rig.Await([&] { return rig.runs() == expected.load(Order::kAcquire); });
    });
    EXPECT_EQ(rig.runs(), expected.load(Order::kAcquire));
    for (CpuId cpu = 0; cpu < rig.cpus(); ++cpu) {
      const core::CpuState& state = rig.port().state_of(cpu);
      EXPECT_EQ(state.requests_published, state.requests_taken) << "on CPU " << cpu;
      EXPECT_EQ(state.calls_started, state.calls_returned) << "on CPU " << cpu;
      EXPECT_EQ(state.frame_count, 0U) << "on CPU " << cpu;
      EXPECT_EQ(state.site, static_cast<u64>(Site::kNone)) << "on CPU " << cpu;
    }
  }

  // Returns how many runs of CountRun the call causes in the end.
  u64 RandomCall(R& rig, CpuId cpu, u64 sequence, std::mt19937_64& random) {
    using Counter = typename P::template Atomic<u32>;
    const CpuId other = static_cast<CpuId>((cpu + 1 + random() % (rig.cpus() - 1)) % rig.cpus());
    CpuSet mask;
    mask.set_word(0, random());
    mask &= CpuSet::First(rig.cpus());
    CpuSet others = mask;
    others.Remove(cpu);
    switch (random() % 5) {
      case 0:
        rig.Check(rig.calls().CallSingle(other, &R::CountRun, &rig, false) == Result::kOk, __LINE__);
        return 1;
      case 1:
        rig.Check(rig.calls().CallMany(mask, &R::CountRun, &rig, false) == Result::kOk, __LINE__);
        return others.Count();
      case 2:
        rig.Check(rig.calls().OnEachMask(mask, &R::CountRun, &rig, false) == Result::kOk, __LINE__);
        return mask.Count();
      default:
        break;
    }
    Parcel<Counter> parcel{&rig, sequence, sequence, {}};
    const bool single = random() % 2 == 0;
    const Result result = single ? rig.calls().CallSingle(other, &Answer<Counter>, &parcel, true)
                                 : rig.calls().OnEachMask(mask, &Answer<Counter>, &parcel, true);
    rig.Check(result == Result::kOk, __LINE__);
    rig.Check(parcel.answers.load(Order::kRelaxed) == (single ? 1 : mask.Count()), __LINE__);
    parcel.sequence = parcel.copy = 0;  // Whoever still read it would notice.
    return 0;
  }
  template <class Counter>
  static void Answer(void* argument) {
    auto& parcel = *static_cast<Parcel<Counter>*>(argument);
    parcel.rig->Check(parcel.sequence == parcel.copy && parcel.sequence != 0, __LINE__);
    parcel.answers.fetch_add(1, Order::kRelaxed);
  }

  const core::Implementation implementation_;
  const u64 seed_;
  MachineOptions machine_;
  CallOptions options_;
};

}  // namespace crosscall::contract

#endif  // TESTS_CONTRACT_BATTERY_H_
