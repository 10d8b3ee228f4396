// What is server_loop's own: initiators that serve, and calls out of the functions that they serve.
#include "agent/core/server_loop.h"

#include <gtest/gtest.h>

#include "tests/agent/core/step_run.h"

namespace crosscall::core {
namespace {

using LoopRun = StepRun<ServerLoop>;
using Outcome = StepPort::Outcome;

// A meeting point for programs and functions.
struct Flag {
  StepPort::Atomic<u32> value = {};
  void Set() { value.store(1, Order::kRelease); }
  void Await(LoopRun& run) {
    run.calls().WaitUntil(Site::kBarrier, [this] { return value.load(Order::kAcquire) == 1; });
  }
};

bool Stamped(const StepPort& port, CpuId cpu, Stage stage, u64 call, u32 detail) {
  for (const Stamp& stamp : port.stamps()) {
    if (stamp.reserved == cpu && stamp.stage == static_cast<u16>(stage) && stamp.call == call &&
        stamp.detail == detail) {
      return true;
    }
  }
  return false;
}

// CPU 2 calls CPU 0 while CPU 0 waits for CPU 1's function, with interrupts open and IPIs barred by the loop alone.
TEST(ServerLoopTest, WaitingInitiatorServesOthersWithoutAnIpi) {
  StepPort::Options options;
  options.cpus = 3;
  options.keep_stamps = true;
  LoopRun run(options, CallOptions());
  struct Shared {
    LoopRun* run;
    Flag in_function, served;
    bool masked = false;
  } shared{&run, {}, {}};
  ASSERT_EQ(run.Run([&](CpuId cpu) {
    if (cpu == 0) {
      const auto hold = [](void* argument) {
        auto& self = *static_cast<Shared*>(argument);
        self.in_function.Set();
        self.served.Await(*self.run);
      };
      EXPECT_EQ(run.calls().CallSingle(1, hold, &shared, true), Result::kOk);
      EXPECT_FALSE(run.port().IrqsMasked());
    }
    if (cpu == 2) {
      shared.in_function.Await(run);
      const auto note = [](void* argument) {
        auto& self = *static_cast<Shared*>(argument);
        self.masked = self.run->port().IrqsMasked();
      };
      EXPECT_EQ(run.calls().CallSingle(0, note, &shared, true), Result::kOk);
      shared.served.Set();
    }
  }),
            Outcome::kFinished);
  EXPECT_TRUE(shared.masked);
  EXPECT_EQ(run.port().cpu_state(0).ipi_entries, 0U);
  EXPECT_EQ(run.port().cpu_state(0).poll_hits, 1U);
  EXPECT_EQ(run.port().cpu_state(2).kicks_skipped, 1U);
  const u64 call = CallId(2, 1);
  EXPECT_TRUE(Stamped(run.port(), 2, Stage::kKickSkipped, call, static_cast<u32>(SkipReason::kNotFirst)));
  EXPECT_TRUE(Stamped(run.port(), 0, Stage::kPollHit, 0, static_cast<u32>(Site::kCompletion)));
  EXPECT_TRUE(Stamped(run.port(), 0, Stage::kComplete, call, 0));
}

// The initiator is kept by the work of others after its own call is done.
TEST(ServerLoopTest, InitiatorStaysUntilItsWholeCountIsZero) {
  StepPort::Options options;
  options.cpus = 3;
  LoopRun run(options, CallOptions());
  struct Shared {
    LoopRun* run;
    Flag in_function, called, never;
  } shared{&run, {}, {}, {}};
  ASSERT_EQ(run.Run([&](CpuId cpu) {
    if (cpu == 0) {
      const auto wait_for_other = [](void* argument) {
        auto& self = *static_cast<Shared*>(argument);
        self.in_function.Set();
        self.called.Await(*self.run);
      };
      run.calls().CallSingle(1, wait_for_other, &shared, true);
    }
    if (cpu == 2) {
      shared.in_function.Await(run);
      const auto hold = [](void* argument) {
        auto& self = *static_cast<Shared*>(argument);
        self.called.Set();
        self.never.Await(*self.run);
      };
      run.calls().CallSingle(0, hold, &shared, true);
    }
  }),
            Outcome::kDeadlock);
  const CpuState& initiator = run.port().cpu_state(0);
  EXPECT_EQ(initiator.calls_returned, 0U);
  EXPECT_EQ(run.port().cpu_state(1).functions_run, 1U) << "its own call is done";
  EXPECT_EQ(initiator.site, static_cast<u64>(Site::kBarrier)) << "of the function that it serves";
  EXPECT_EQ(run.port().cpu_state(2).wait_mask[0], u64{1} << 0);
}

// Calls out of every kind of function: served by a handler, served by an initiator, run by the caller itself.
class CallsOutOfFunctions {
 public:
  explicit CallsOutOfFunctions(u64 seed) : run_(Options(seed), CallOptions()) {}

  void Run() {
    ASSERT_EQ(run_.Run([this](CpuId cpu) { Program(cpu); }), Outcome::kFinished);
    EXPECT_EQ(tried_, 3U * (3 + 3)) << "three CPUs, three singles and one call on all of them";
    EXPECT_EQ(wrong_, 0U);
    EXPECT_EQ(inner_runs_, 0U);
    for (CpuId cpu = 0; cpu < 3; ++cpu) {
      EXPECT_EQ(run_.port().cpu_state(cpu).requests_published, run_.port().cpu_state(cpu).requests_taken);
    }
    EXPECT_GT(run_.calls().misuse_count(), 0U);
  }

 private:
  static StepPort::Options Options(u64 seed) {
    StepPort::Options options;
    options.cpus = 3;
    options.seed = seed;
    return options;
  }
  static void Inner(void* self) { ++static_cast<CallsOutOfFunctions*>(self)->inner_runs_; }
  static void Outer(void* self) { static_cast<CallsOutOfFunctions*>(self)->TryAll(); }

  void TryAll() {
    const CpuId other = (run_.port().Me() + 1) % 3;
    AsyncRecord<StepPort> record{&Inner, this, {}};
    const Result results[] = {run_.calls().CallSingle(other, &Inner, this, true),
                              run_.calls().CallSingle(other, &Inner, this, false),
                              run_.calls().CallOthers(&Inner, this, true), run_.calls().CallAsync(other, record)};
    ++tried_;
    for (const Result result : results) wrong_ += result == Result::kWouldDeadlock ? 0 : 1;
    if (record.InUse()) ++wrong_;
  }
  void Program(CpuId cpu) {
    if (run_.calls().CallSingle((cpu + 1) % 3, &Outer, this, true) != Result::kOk) ++wrong_;
    if (run_.calls().CallSingle((cpu + 2) % 3, &Outer, this, false) != Result::kOk) ++wrong_;
    if (run_.calls().OnEach(&Outer, this, true) != Result::kOk) ++wrong_;
    if (run_.calls().CallSingle((cpu + 1) % 3, &Outer, this, true) != Result::kOk) ++wrong_;
  }

  LoopRun run_;
  u32 tried_ = 0, wrong_ = 0, inner_runs_ = 0;
};

TEST(ServerLoopTest, CallOutOfAFunctionIsRefusedAndTouchesNothing) {
  for (u64 seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    CallsOutOfFunctions(seed).Run();
    if (testing::Test::HasFailure()) return;
  }
}

// The function of CPU 0's call waits for a lock of CPU 2, which waits for its own call on CPU 1, where that function
// runs: only a poll inside the function, inside the loop, can serve it.
TEST(ServerLoopTest, FunctionThatPollsServesTheRestOfTheBox) {
  for (u64 seed = 1; seed <= 100; ++seed) {
    StepPort::Options options;
    options.cpus = 3;
    options.seed = seed;
    CallOptions polling;
    polling.policy = WaitPolicy::kPollEverywhere;
    LoopRun run(options, polling);
    struct Shared {
      LoopRun* run;
      ProgramLock<StepPort> lock;
      Flag locked, in_function;
      u32 runs = 0;
    } shared{&run, ProgramLock<StepPort>(1), {}, {}};
    ASSERT_EQ(run.Run([&](CpuId cpu) {
      if (cpu == 0) {
        shared.locked.Await(run);
        const auto lock_and_count = [](void* argument) {
          auto& self = *static_cast<Shared*>(argument);
          self.in_function.Set();
          self.run->calls().Lock(self.lock);
          ++self.runs;
          self.run->calls().Unlock(self.lock);
        };
        EXPECT_EQ(run.calls().CallSingle(1, lock_and_count, &shared, true), Result::kOk);
      }
      if (cpu == 2) {
        run.calls().Lock(shared.lock);
        shared.locked.Set();
        shared.in_function.Await(run);
        EXPECT_EQ(run.calls().CallSingle(
                      1, [](void* argument) { ++static_cast<Shared*>(argument)->runs; }, &shared, true),
                  Result::kOk);
        run.calls().Unlock(shared.lock);
      }
    }),
              Outcome::kFinished)
        << "seed " << seed;
    EXPECT_EQ(shared.runs, 2U);
    EXPECT_EQ(run.port().cpu_state(1).poll_hits, 1U);
  }
}

}  // namespace
}  // namespace crosscall::core
