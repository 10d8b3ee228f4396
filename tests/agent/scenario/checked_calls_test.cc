// Implementations with one defect each: every defect is seen, and none of them hangs the scenario.
#include "agent/scenario/checked_calls.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/agent/scenario/scenario_run.h"

namespace crosscall::scenario {
namespace {

using core::CpuId;
using core::CpuSet;
using core::Function;
using core::Result;
using core::StepPort;

enum class Defect { kNone, kLose, kTwice, kOpenIrqs, kWrongCpu, kForge, kReturnEarly };

// A working implementation whose calls go wrong on their way.
class DefectiveCalls : public core::Calls<StepPort, core::PerTarget> {
 public:
  using Base = core::Calls<StepPort, core::PerTarget>;

  DefectiveCalls(StepPort& port, const core::CallOptions& options, void* memory, core::usize bytes)
      : Base(port, options, memory, bytes), port_(port) {}

  void set_defect(Defect defect) { defect_ = defect; }

  Result CallSingle(CpuId cpu, Function function, void* argument, bool wait) {
    return Distort(function, argument, [&](Function f, void* a) {
      if (defect_ == Defect::kWrongCpu) cpu = cpu == 0 ? 1 : 0;
      return Base::CallSingle(cpu, f, a, wait && defect_ != Defect::kReturnEarly);
    });
  }
  Result CallMany(const CpuSet& set, Function function, void* argument, bool wait) {
    return Distort(function, argument, [&](Function f, void* a) { return Base::CallMany(set, f, a, wait); });
  }

 private:
  struct Detour {
    DefectiveCalls* calls;
    Function function;
    void* argument;
  };

  template <class Call>
  Result Distort(Function function, void* argument, Call&& call) {
    if (defect_ == Defect::kLose) return Result::kOk;
    detour_ = Detour{this, function, argument};
    return call(&Take, &detour_);
  }
  static void Take(void* argument) {
    const Detour detour = *static_cast<Detour*>(argument);
    detour.calls->Run(detour.function, detour.argument);
  }
  void Run(Function function, void* argument) {
    auto& record = *static_cast<CallRecord<StepPort>*>(argument);
    switch (defect_) {
      case Defect::kForge:
        record.seal.set(record.seal.get() + 1);
        break;
      case Defect::kTwice:
        function(argument);
        break;
      case Defect::kOpenIrqs:
        port_.OpenIrqs();
        function(argument);
        port_.MaskIrqs();
        return;
      default:
        break;
    }
    function(argument);
  }

  StepPort& port_;
  Defect defect_ = Defect::kNone;
  Detour detour_ = {};
};

using Trial = ScenarioRun<DefectiveCalls>;

constexpr char kWait[] = "scenario: s\nprograms: {0: [call 1 noop wait], 1: []}\n";
constexpr char kNowait[] = "scenario: s\nprograms: {0: [call 1 noop nowait, wait_all], 1: []}\n";
constexpr char kMany[] = "scenario: s\nprograms: {0: [\"call 1,2 noop wait\"], 1: []}\n";

ViolationReport FirstViolation(const std::string& text, Defect defect, CpuId seen_by) {
  const CompiledScenario compiled = CompileText(text);
  Trial trial(compiled, {}, {});
  trial.calls().set_defect(defect);
  EXPECT_EQ(trial.Run(), StepPort::Outcome::kFinished) << "a violation is not a hang";
  return trial.violations(seen_by);
}

TEST(CheckedCallsTest, WorkingCallsHaveNoViolation) {
  for (const char* text : {kWait, kNowait, kMany}) {
    EXPECT_EQ(FirstViolation(text, Defect::kNone, 0).count, 0u);
    EXPECT_EQ(FirstViolation(text, Defect::kNone, 1).count, 0u);
  }
}

TEST(CheckedCallsTest, LostRunIsSeenByTheCaller) {
  const ViolationReport report = FirstViolation(kWait, Defect::kLose, 0);
  EXPECT_EQ(report.kind, ViolationKind::kLostRun);
  EXPECT_EQ(report.caller, 0u);
  EXPECT_EQ(report.line, 2u);
  EXPECT_EQ(report.sequence, 1u);
  EXPECT_EQ(FirstViolation(kMany, Defect::kLose, 0).kind, ViolationKind::kLostRun);
}

TEST(CheckedCallsTest, SecondRunIsSeenByTheTarget) {
  const ViolationReport report = FirstViolation(kWait, Defect::kTwice, 1);
  EXPECT_EQ(report.kind, ViolationKind::kDoubleRun);
  EXPECT_EQ(report.count, 1u);
  EXPECT_EQ(report.cpu, 1u);
  EXPECT_EQ(report.caller, 0u);
  EXPECT_EQ(FirstViolation(kNowait, Defect::kTwice, 1).kind, ViolationKind::kDoubleRun);
  EXPECT_EQ(FirstViolation(kMany, Defect::kTwice, 2).kind, ViolationKind::kDoubleRun);
}

TEST(CheckedCallsTest, OpenInterruptsInAFunctionAreSeen) {
  EXPECT_EQ(FirstViolation(kWait, Defect::kOpenIrqs, 1).kind, ViolationKind::kIrqsOpen);
}

TEST(CheckedCallsTest, RunOnAnotherCpuIsSeenThereAndByTheCaller) {
  // The call goes to CPU 0 itself instead of CPU 1.
  const ViolationReport report = FirstViolation(kWait, Defect::kWrongCpu, 0);
  EXPECT_EQ(report.kind, ViolationKind::kWrongCpu);
  EXPECT_EQ(report.count, 2u) << "wrong CPU, and a lost run where it should have been";
  EXPECT_EQ(FirstViolation(kNowait, Defect::kWrongCpu, 0).kind, ViolationKind::kWrongCpu);
}

TEST(CheckedCallsTest, ForgedArgumentIsSeenAndNobodyWaitsForItsAnswer) {
  EXPECT_EQ(FirstViolation(kWait, Defect::kForge, 1).kind, ViolationKind::kWrongArgument);
  EXPECT_EQ(FirstViolation(kNowait, Defect::kForge, 1).kind, ViolationKind::kWrongArgument);
}

TEST(CheckedCallsTest, WaitThatReturnsEarlyIsSeen) {
  // The step port may run the function at once, so some schedule must show it.
  const CompiledScenario compiled = CompileText(kWait);
  core::u64 lost = 0;
  for (core::u64 seed = 1; seed <= 50; ++seed) {
    StepPort::Options options;
    options.seed = seed;
    Trial trial(compiled, options, {});
    trial.calls().set_defect(Defect::kReturnEarly);
    ASSERT_EQ(trial.Run(), StepPort::Outcome::kFinished);
    lost += trial.violations(0).kind == ViolationKind::kLostRun ? 1 : 0;
  }
  EXPECT_GT(lost, 0u);
}

TEST(CheckedCallsTest, ArgumentRewrittenDuringTheFunctionIsSeen) {
  const CompiledScenario compiled =
      CompileText("scenario: s\nfunctions: {f: [work 1ns]}\nprograms: {0: [call 1 f wait], 1: []}\n");
  // CPU 0 returns before f has run and calls again with the same record, while CPU 1 is in f.
  core::u64 changed = 0;
  for (core::u64 seed = 1; seed <= 200; ++seed) {
    StepPort::Options options;
    options.seed = seed;
    Trial trial(compiled, options, {});
    trial.calls().set_defect(Defect::kReturnEarly);
    trial.environment().on_work = [&](core::u64) {
      for (int i = 0; i < 40; ++i) trial.port().KickGap({});
    };
    ASSERT_EQ(trial.Run(2), StepPort::Outcome::kFinished);
    changed += trial.violations(1).kind == ViolationKind::kArgumentChanged ? 1 : 0;
  }
  EXPECT_GT(changed, 0u);
}

TEST(CheckedCallsTest, ViolationsAreCountedOnceInTheRoundsTotals) {
  const CompiledScenario compiled = CompileText(kWait);
  Trial trial(compiled, {}, {});
  trial.calls().set_defect(Defect::kLose);
  ASSERT_EQ(trial.Run(3), StepPort::Outcome::kFinished);
  EXPECT_EQ(trial.counts(0), (RoundCounts{.calls = 3, .violations = 3}));
  EXPECT_EQ(trial.violations(0).count, 3u);
}

TEST(ViolationTextTest, EveryKindHasItsOwnWords) {
  for (int i = 0; i <= static_cast<int>(ViolationKind::kForeignUnlock); ++i) {
    for (int j = 0; j < i; ++j) {
      EXPECT_STRNE(ViolationText(static_cast<ViolationKind>(i)), ViolationText(static_cast<ViolationKind>(j)));
    }
  }
}

}  // namespace
}  // namespace crosscall::scenario
