// What is rendezvous's own: that all run at the same time, in rounds that do not mix, and what becomes of calls out of
// functions.
#include "agent/core/rendezvous.h"

#include <gtest/gtest.h>

#include "tests/agent/core/step_run.h"

namespace crosscall::core {
namespace {

using Outcome = StepPort::Outcome;

constexpr u32 kCpus = 4;

// Every CPU calls on_each again and again. A function that starts finds that every other participant has taken the
// request too; one that ends, that nobody has gone on to the next round.
class Rounds {
 public:
  Rounds(u64 seed, bool noisy) : run_(Options(seed, noisy), CallOptions()) {}

  void Run() {
    ASSERT_EQ(run_.Run([this](CpuId cpu) { Program(cpu); }), Outcome::kFinished);
    EXPECT_EQ(early_, 0U);
    EXPECT_EQ(runs_, u64{kCpus} * kCpus * kRounds);
  }

 private:
  static constexpr u32 kRounds = 5;

  struct Round {
    Rounds* all;
    CpuId master;
    u32 inside = 0;
  };

  static StepPort::Options Options(u64 seed, bool noisy) {
    StepPort::Options options;
    options.cpus = kCpus;
    options.seed = seed;
    options.duplicate_ipis = noisy;
    options.deschedules = noisy;
    return options;
  }

  static void Count(void* argument) {
    Round& round = *static_cast<Round*>(argument);
    Rounds& all = *round.all;
    ++all.runs_;
    for (CpuId cpu = 0; cpu < kCpus; ++cpu) {
      // Of the master: it holds the lock, so that its count stands.
      const u64 taken = Peek(all.run_.port().state_of(cpu).requests_taken);
      const bool joined = cpu == round.master || taken == all.taken_before_[cpu] + 1;
      if (!joined) ++all.early_;
    }
    // The last one to start notes what the next round will start from.
    if (++round.inside == kCpus) {
      for (CpuId cpu = 0; cpu < kCpus; ++cpu) {
        all.taken_before_[cpu] = Peek(all.run_.port().state_of(cpu).requests_taken);
      }
    }
    all.run_.port().KickGap(CpuSet());  // A step: others may go first.
  }

  void Program(CpuId cpu) {
    for (u32 i = 0; i < kRounds; ++i) {
      Round round{this, cpu};
      EXPECT_EQ(run_.calls().OnEach(&Count, &round, true), Result::kOk);
      EXPECT_EQ(round.inside, kCpus);
    }
  }

  StepRun<Rendezvous> run_;
  u64 taken_before_[kCpus] = {};  // requests that each CPU had taken before the present round
  u64 runs_ = 0;
  u32 early_ = 0;
};

TEST(RendezvousTest, NobodyRunsBeforeAllHaveCome) {
  for (u64 seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    Rounds(seed, /*noisy=*/false).Run();
    Rounds(seed, /*noisy=*/true).Run();
    if (testing::Test::HasFailure()) return;
  }
}

TEST(RendezvousTest, OneLateCpuHoldsTheOthersInTheirHandlers) {
  StepPort::Options options;
  options.cpus = kCpus;
  StepRun<Rendezvous> run(options, CallOptions());
  StepPort::Atomic<u32> masked = {};
  StepPort::Atomic<u32> never = {};
  ASSERT_EQ(run.Run([&](CpuId cpu) {
    if (cpu == 3) {
      run.port().MaskIrqs();
      masked.store(1, Order::kRelease);
      run.calls().WaitUntil(Site::kBarrier, [&] { return never.load(Order::kAcquire) == 1; });
    }
    if (cpu != 0) return;
    run.calls().WaitUntil(Site::kBarrier, [&] { return masked.load(Order::kAcquire) == 1; });
    run.calls().CallOthers([](void*) {}, nullptr, false);
  }),
            Outcome::kDeadlock);
  EXPECT_EQ(run.port().cpu_state(0).wait_mask[0], u64{1} << 3);
  for (const CpuId cpu : {1U, 2U}) {
    const CpuState& held = run.port().cpu_state(cpu);
    EXPECT_EQ(held.functions_run, 0U);
    EXPECT_EQ(held.site, static_cast<u64>(Site::kCompletion));
    EXPECT_EQ(held.wait_call, CallId(0, 1));
    EXPECT_NE(held.wait_mask[0] & u64{1} << 3, 0U);
    EXPECT_TRUE(run.port().masked(cpu));
  }
}

TEST(RendezvousTest, NowaitCallReturnsAfterTheEndOfItsFunction) {
  for (u64 seed = 1; seed <= 50; ++seed) {
    StepPort::Options options;
    options.cpus = kCpus;
    options.seed = seed;
    StepRun<Rendezvous> run(options, CallOptions());
    struct Shared {
      StepRun<Rendezvous>* run;
      u32 ended = 0;
    } shared{&run};
    const auto slow = [](void* argument) {
      auto& self = *static_cast<Shared*>(argument);
      for (u32 i = 0; i < 20; ++i) self.run->port().KickGap(CpuSet());
      ++self.ended;
    };
    ASSERT_EQ(run.Run([&](CpuId cpu) {
      if (cpu != 0) return;
      EXPECT_EQ(run.calls().CallOthers(slow, &shared, false), Result::kOk);
      EXPECT_EQ(shared.ended, kCpus - 1);
      AsyncRecord<StepPort> record{slow, &shared, {}};
      EXPECT_EQ(run.calls().CallAsync(1, record), Result::kOk);
      EXPECT_EQ(shared.ended, kCpus);
      EXPECT_FALSE(record.InUse());
    }),
              Outcome::kFinished);
  }
}

// Outside the contract; the account must blame the call lock.
TEST(RendezvousTest, CallOutOfAFunctionWedgesOnTheCallLock) {
  StepRun<Rendezvous> run(StepPort::Options{}, CallOptions{});
  ASSERT_EQ(run.Run([&](CpuId cpu) {
    if (cpu != 0) return;
    const auto call_back = [](void* argument) {
      static_cast<StepRun<Rendezvous>*>(argument)->calls().CallSingle(
          0, [](void*) {}, nullptr, false);
    };
    run.calls().CallSingle(1, call_back, &run, true);
  }),
            Outcome::kDeadlock);
  EXPECT_EQ(run.port().lock_state(0).holder, 1U);
  EXPECT_EQ(run.port().cpu_state(0).site, static_cast<u64>(Site::kCompletion));
  EXPECT_EQ(run.port().cpu_state(0).wait_mask[0], u64{1} << 1);
  EXPECT_EQ(run.port().cpu_state(1).site, static_cast<u64>(Site::kOwn));
  EXPECT_EQ(run.port().cpu_state(1).wait_for, 0U);
}

}  // namespace
}  // namespace crosscall::core
