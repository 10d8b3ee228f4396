// Gone, starved, late, overloaded: verdicts on targets that do not serve in time, or do at last.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/watchdog/verdict.h"
#include "tests/agent/watchdog/synthetic_hang.h"

namespace crosscall::watchdog {
namespace {

using ::testing::HasSubstr;

v1::HangClass ClassOf(SyntheticHang& hang) { return Judge(hang.evidence()).report.hang_class(); }

TEST(Verdict, StoppedTargetIsGone) {
  SyntheticHang hang(2);
  hang.WaitsForCompletion(0, 1, {1}).Queued(1).Latched(1);
  hang.On(1, [](CpuLook& look) { look.thread.state = 'T'; });
  EXPECT_EQ(ClassOf(hang), v1::HANG_CLASS_TARGET_GONE);
}

TEST(Verdict, EndedThreadIsGone) {
  SyntheticHang hang(2);
  hang.WaitsForCompletion(0, 1, {1}).Queued(1);
  hang.On(1, [](CpuLook& look) { look.thread = ThreadLook(); });
  EXPECT_EQ(ClassOf(hang), v1::HANG_CLASS_TARGET_GONE);
}

TEST(Verdict, TargetThatSleepsInItsHandlerIsGone) {
  SyntheticHang hang(2);
  hang.WaitsForCompletion(0, 1, {1}).Queued(1);
  hang.On(1, [](CpuLook& look) {
    look.frames = {HandlerFrame()};
    look.thread.state = 'S';
    look.thread.ran_nanos = 5;
  });
  EXPECT_EQ(ClassOf(hang), v1::HANG_CLASS_TARGET_GONE);
}

TEST(Verdict, WholeWorkerStoppedIsGoneEvenWithNobodyInACall) {
  SyntheticHang hang(2);
  for (std::uint32_t cpu = 0; cpu < 2; ++cpu) {
    hang.On(cpu, [](CpuLook& look) { look.thread.state = 'T'; });
  }
  EXPECT_EQ(ClassOf(hang), v1::HANG_CLASS_TARGET_GONE);
}

TEST(Verdict, RunnableTargetWithoutProcessorTimeIsStarvedNotHung) {
  SyntheticHang hang(2);
  hang.WaitsForCompletion(0, 1, {1}).Queued(1).Latched(1);
  hang.evidence().second.cpus[1].thread.ran_nanos = hang.evidence().first.cpus[1].thread.ran_nanos;
  const Verdict verdict = Judge(hang.evidence());
  EXPECT_TRUE(verdict.starved);
  EXPECT_THAT(verdict.starved_reason, HasSubstr("CPU 1"));
}

TEST(Verdict, SpinnerThatYieldsIsAliveByItsHeartbeat) {
  SyntheticHang hang(2);
  hang.WaitsForCompletion(0, 1, {1}).Masked(1).Queued(1).Latched(1);
  for (CpuLook& cpu : hang.evidence().second.cpus) {
    cpu.thread.ran_nanos = 0;
    cpu.heartbeat = 1;
  }
  EXPECT_EQ(ClassOf(hang), v1::HANG_CLASS_MASKED_TARGET);
}

TEST(Verdict, RunnableTargetThatGotAnyTimeIsNotStarved) {
  SyntheticHang hang(2);
  hang.WaitsForCompletion(0, 1, {1}).Masked(1).Queued(1).Latched(1);
  hang.evidence().second.cpus[1].thread.ran_nanos = 1000;
  EXPECT_EQ(ClassOf(hang), v1::HANG_CLASS_MASKED_TARGET);
}

TEST(Verdict, RunnableCallerWithoutProcessorTimeIsStarvedNotHung) {
  SyntheticHang hang(2);
  hang.WaitsForCompletion(0, 1, {1});
  hang.evidence().second.cpus[0].thread.ran_nanos = 0;
  EXPECT_TRUE(Judge(hang.evidence()).starved);
}

TEST(Verdict, LateCallOfAThreadThatWaitedForAProcessorIsStarved) {
  SyntheticHang hang(2);
  hang.WaitsForCompletion(0, 1, {1}).Queued(1);
  hang.evidence().half_way = hang.evidence().first;
  hang.evidence().since_half_way = absl::Milliseconds(50);
  hang.evidence().first.cpus[1].thread.runnable_nanos = 40'000'000;
  hang.evidence().first.cpus[0].thread.ran_nanos = 50'000'000;
  hang.evidence().second.cpus[0] = CpuLook();
  EXPECT_TRUE(Judge(hang.evidence()).starved);
}

TEST(Verdict, LateCallOfAThreadThatRanInBetweenIsNotStarved) {
  SyntheticHang hang(2);
  hang.WaitsForCompletion(0, 1, {1}).Queued(1);
  hang.evidence().half_way = hang.evidence().first;
  hang.evidence().since_half_way = absl::Milliseconds(50);
  for (CpuLook& cpu : hang.evidence().first.cpus) {
    cpu.thread.runnable_nanos = 40'000'000;
    cpu.thread.ran_nanos = 20'000;
    cpu.thread.time_slices = 5;
  }
  hang.evidence().second.cpus[0] = CpuLook();
  const Verdict verdict = Judge(hang.evidence());
  EXPECT_FALSE(verdict.starved);
  EXPECT_TRUE(verdict.report.late());
}

TEST(Verdict, TargetThatStopsOnItsWayIntoTheHandlerIsGone) {
  SyntheticHang hang(2);
  hang.WaitsForCompletion(0, 1, {1}).Queued(1).Masked(1);
  hang.On(1, [](CpuLook& look) {
    look.thread.state = 'S';
    look.thread.ran_nanos = 5;
  });
  EXPECT_EQ(ClassOf(hang), v1::HANG_CLASS_TARGET_GONE);
  hang.Latched(1);
  EXPECT_EQ(ClassOf(hang), v1::HANG_CLASS_MASKED_TARGET);
}

TEST(Verdict, ServingTargetIsOverload) {
  SyntheticHang hang(2);
  hang.WaitsForCompletion(0, 1, {1}).Queued(1);
  hang.evidence().second.cpus[1].requests_published += 50;
  hang.evidence().second.cpus[1].requests_taken += 40;
  EXPECT_EQ(ClassOf(hang), v1::HANG_CLASS_OVERLOAD);
}

TEST(Verdict, CallThatCompletedAfterAllIsLate) {
  SyntheticHang hang(2);
  hang.WaitsForCompletion(0, 1, {1}).Queued(1);
  hang.evidence().half_way = hang.evidence().first;
  hang.evidence().since_half_way = absl::Milliseconds(50);
  for (CpuLook& cpu : hang.evidence().first.cpus) cpu.thread.ran_nanos = 50'000'000;
  hang.evidence().second.cpus[0].frames.clear();
  hang.evidence().second.cpus[0].site = core::Site::kNone;
  const v1::HangReport report = Judge(hang.evidence()).report;
  EXPECT_TRUE(report.late());
  EXPECT_EQ(report.hang_class(), v1::HANG_CLASS_OVERLOAD);
  EXPECT_EQ(WantsProbe(hang.evidence()), std::nullopt);
}

TEST(Verdict, LateCallStillNamesTheSlowFunction) {
  SyntheticHang hang(2);
  hang.WaitsForCompletion(0, 1, {1});
  hang.On(1, [](CpuLook& look) { look.frames = {HandlerFrame(), FunctionFrame(0, 1)}; });
  hang.evidence().half_way = hang.evidence().first;
  hang.evidence().since_half_way = absl::Milliseconds(50);
  for (CpuLook& cpu : hang.evidence().first.cpus) cpu.thread.ran_nanos = 50'000'000;
  hang.evidence().second.cpus[0].frames = {CallFrame(0, 2, 1)};
  const v1::HangReport report = Judge(hang.evidence()).report;
  EXPECT_TRUE(report.late());
  EXPECT_EQ(report.hang_class(), v1::HANG_CLASS_SLOW_FUNCTION);
}

}  // namespace
}  // namespace crosscall::watchdog
