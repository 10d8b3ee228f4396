#include "agent/watchdog/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/shared/hang_text.h"
#include "tests/agent/watchdog/synthetic_hang.h"

namespace crosscall::watchdog {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

v1::HangClass ClassOf(SyntheticHang& hang) { return Judge(hang.evidence()).report.hang_class(); }

SyntheticHang MutualMasked() {
  SyntheticHang hang(2);
  hang.WaitsForCompletion(0, 3, {1}).WaitsForCompletion(1, 5, {0});
  hang.Masked(0).Masked(1).Queued(0).Queued(1).Latched(0).Latched(1);
  return hang;
}

TEST(Verdict, MutualMaskedIsMaskedTargetWithItsCycle) {
  SyntheticHang hang = MutualMasked();
  const v1::HangReport report = Judge(hang.evidence()).report;
  EXPECT_EQ(report.hang_class(), v1::HANG_CLASS_MASKED_TARGET);
  EXPECT_THAT(report.cycle(), ElementsAre(0, 1));
  EXPECT_FALSE(report.late());
  ASSERT_EQ(report.cpus_size(), 2);
  for (const v1::HangCpu& cpu : report.cpus()) {
    EXPECT_TRUE(cpu.irqs_masked());
    EXPECT_TRUE(cpu.ipi_pending());
    EXPECT_EQ(cpu.queued_requests(), 1u);
  }
  EXPECT_THAT(report.summary(), HasSubstr("CPU 0 (interrupts masked) waits for completion of its call 3 to CPU 1"));
  EXPECT_THAT(report.summary(), HasSubstr("CPU 1 (interrupts masked) waits for completion of its call 5 to CPU 0"));
  EXPECT_THAT(report.summary(), HasSubstr("cycle"));
  ASSERT_EQ(report.waits_size(), 2);
  EXPECT_THAT(report.waits(0).for_cpus(), ElementsAre(1));
  EXPECT_EQ(report.waits(0).waited_nanos(), 105'000'000u);
  EXPECT_EQ(report.waits(1).call_sequence(), 5u);
}

TEST(Verdict, CallLockMutualMaskedIsLockHeldByCallerWithItsCycle) {
  SyntheticHang hang(2);
  hang.WaitsForCompletion(0, 3, {1}).Holds(0, 0).WaitsForLock(1, 0).Overdue(1, absl::Milliseconds(104));
  hang.Masked(0).Masked(1).Queued(1).Latched(1);
  const v1::HangReport report = Judge(hang.evidence()).report;
  EXPECT_EQ(report.hang_class(), v1::HANG_CLASS_LOCK_HELD_BY_CALLER);
  EXPECT_THAT(report.cycle(), ElementsAre(0, 1));
  EXPECT_TRUE(report.cpus(0).irqs_masked());
  EXPECT_TRUE(report.cpus(1).irqs_masked());
  EXPECT_THAT(report.cpus(0).held_locks(), ElementsAre("the call lock"));
  EXPECT_THAT(report.summary(), HasSubstr("the call lock held by CPU 0"));
}

TEST(Verdict, CallerHoldingAProgramLockIsLockHeldByCaller) {
  SyntheticHang hang(2);
  hang.WaitsForCompletion(0, 1, {1}).Holds(0, 1).WaitsForLock(1, 1).Masked(1).Queued(1).Latched(1);
  const v1::HangReport report = Judge(hang.evidence()).report;
  EXPECT_EQ(report.hang_class(), v1::HANG_CLASS_LOCK_HELD_BY_CALLER);
  EXPECT_EQ(report.waits(1).lock(), "L0");
}

TEST(Verdict, LockOwnedByTheCallersWaiterIsLockHeldByCaller) {
  // CPU 0 calls 1, 1 spins masked on a lock of 2, 2 waits for a lock that 0 holds.
  SyntheticHang hang(3, 2);
  hang.WaitsForCompletion(0, 1, {1}).Holds(0, 2).WaitsForLock(1, 1).Masked(1).Queued(1).Latched(1);
  hang.Holds(2, 1).WaitsForLock(2, 2);
  const v1::HangReport report = Judge(hang.evidence()).report;
  EXPECT_EQ(report.hang_class(), v1::HANG_CLASS_LOCK_HELD_BY_CALLER);
  EXPECT_THAT(report.cycle(), ElementsAre(0, 1, 2));
}

TEST(Verdict, FunctionSpinningOnTheCallersLockIsLockHeldByCaller) {
  SyntheticHang hang(2);
  hang.WaitsForCompletion(0, 1, {1}).Holds(0, 1).WaitsForLock(1, 1).Masked(1);
  hang.On(1, [](CpuLook& look) { look.frames = {HandlerFrame(), FunctionFrame(0, 1)}; });
  EXPECT_EQ(ClassOf(hang), v1::HANG_CLASS_LOCK_HELD_BY_CALLER);
}

TEST(Verdict, HandlerAboveItsOwnCpusLockIsLockHeldByCaller) {
  SyntheticHang hang(2);
  hang.WaitsForCompletion(0, 1, {1}).Holds(1, 1).WaitsForLock(1, 1);
  hang.On(1, [](CpuLook& look) { look.frames = {HandlerFrame(), FunctionFrame(0, 1)}; });
  const v1::HangReport report = Judge(hang.evidence()).report;
  EXPECT_EQ(report.hang_class(), v1::HANG_CLASS_LOCK_HELD_BY_CALLER);
  EXPECT_THAT(report.cycle(), ElementsAre(1));
}

TEST(Verdict, MaskedTargetOutsideAnyLoopIsMaskedTarget) {
  SyntheticHang hang(2);
  hang.WaitsForCompletion(0, 1, {1}).Masked(1).Queued(1).Latched(1);
  const v1::HangReport report = Judge(hang.evidence()).report;
  EXPECT_EQ(report.hang_class(), v1::HANG_CLASS_MASKED_TARGET);
  EXPECT_THAT(report.cycle(), IsEmpty());
}

TEST(Verdict, RingOfThreeMaskedCallersIsOneCycle) {
  SyntheticHang hang(3);
  hang.WaitsForCompletion(0, 1, {1}).WaitsForCompletion(1, 1, {2}).WaitsForCompletion(2, 1, {0});
  for (std::uint32_t cpu = 0; cpu < 3; ++cpu) hang.Masked(cpu).Queued(cpu).Latched(cpu);
  const v1::HangReport report = Judge(hang.evidence()).report;
  EXPECT_EQ(report.hang_class(), v1::HANG_CLASS_MASKED_TARGET);
  EXPECT_THAT(report.cycle(), ElementsAre(0, 1, 2));
}

TEST(Verdict, WaiterBehindACycleIsExplainedByTheCycle) {
  SyntheticHang hang(3);
  hang.WaitsForCompletion(2, 1, {0}).WaitsForCompletion(0, 1, {1}).WaitsForCompletion(1, 1, {0});
  hang.Masked(0).Masked(1).Queued(0).Queued(1).Latched(0).Latched(1);
  EXPECT_THAT(Judge(hang.evidence()).report.cycle(), ElementsAre(0, 1));
}

TEST(Verdict, OpenTargetWithoutPendingIpiIsLostAndAsksForAProbe) {
  SyntheticHang hang(2);
  hang.WaitsForCompletion(0, 1, {1}).Queued(1);
  EXPECT_EQ(ClassOf(hang), v1::HANG_CLASS_LOST_IPI);
  EXPECT_EQ(WantsProbe(hang.evidence()), 1u);
}

TEST(Verdict, SleepingIdleTargetWithoutPendingIpiIsLost) {
  SyntheticHang hang(2);
  hang.WaitsForCompletion(0, 1, {1}).Queued(1);
  hang.On(1, [](CpuLook& look) {
    look.thread.state = 'S';
    look.thread.ran_nanos = 5;
  });
  EXPECT_EQ(ClassOf(hang), v1::HANG_CLASS_LOST_IPI);
}

TEST(Verdict, OnlyALostIpiAsksForAProbe) {
  SyntheticHang masked = MutualMasked();
  EXPECT_EQ(WantsProbe(masked.evidence()), std::nullopt);
  SyntheticHang without_signal(2);
  without_signal.WaitsForCompletion(0, 1, {1}).Queued(1);
  without_signal.evidence().second.ipi_signal = 0;
  EXPECT_EQ(WantsProbe(without_signal.evidence()), std::nullopt);
}

SyntheticHang ProbedLostIpi() {
  SyntheticHang hang(2);
  hang.WaitsForCompletion(0, 1, {1}).Queued(1);
  hang.evidence().probed = hang.evidence().second;
  hang.evidence().probed_cpu = 1;
  return hang;
}

TEST(Verdict, ProbeThatFreesTheCallConfirmsTheLoss) {
  SyntheticHang hang = ProbedLostIpi();
  hang.evidence().probed->cpus[1].requests_taken += 1;
  const v1::HangReport report = Judge(hang.evidence()).report;
  EXPECT_EQ(report.hang_class(), v1::HANG_CLASS_LOST_IPI);
  EXPECT_FALSE(report.late());
  EXPECT_THAT(report.probe(), HasSubstr("freed the call at once"));
}

TEST(Verdict, ProbeWithoutEffectMeansTargetGone) {
  SyntheticHang hang = ProbedLostIpi();
  const v1::HangReport report = Judge(hang.evidence()).report;
  EXPECT_EQ(report.hang_class(), v1::HANG_CLASS_TARGET_GONE);
  EXPECT_THAT(report.probe(), HasSubstr("no effect"));
}

TEST(Verdict, ProbeThatStaysPendingMeansMaskedTarget) {
  SyntheticHang hang = ProbedLostIpi();
  hang.evidence().probed->cpus[1].thread.pending = kIpiBit;
  hang.evidence().probed->cpus[1].ipis_barred = true;
  EXPECT_EQ(ClassOf(hang), v1::HANG_CLASS_MASKED_TARGET);
}

TEST(Verdict, ProbeThatIsTakenAndFindsNothingMeansDataOvertaken) {
  SyntheticHang hang = ProbedLostIpi();
  hang.evidence().probed->cpus[1].ipi_entries += 1;
  EXPECT_EQ(ClassOf(hang), v1::HANG_CLASS_DATA_OVERTAKEN);
}

TEST(Verdict, TakenIpiThatFoundNothingIsDataOvertaken) {
  SyntheticHang hang(2);
  hang.WaitsForCompletion(0, 1, {1}).Queued(1);
  hang.On(1, [](CpuLook& look) {
    look.last_ipi_entry = 801;
    look.spurious_entries = 1;
  });
  EXPECT_EQ(ClassOf(hang), v1::HANG_CLASS_DATA_OVERTAKEN);
}

TEST(Verdict, KickOwedBelowAnInterruptIsProxy) {
  SyntheticHang hang(2);
  hang.On(0, [](CpuLook& look) { look.frames = {CallFrame(0, 1, 1, core::CallPhase::kPublished), DeviceFrame()}; });
  hang.WaitsForCompletion(0, 2, {1}).Queued(1);
  const v1::HangReport report = Judge(hang.evidence()).report;
  EXPECT_EQ(report.hang_class(), v1::HANG_CLASS_PROXY);
  EXPECT_THAT(report.cpus(0).frames(), Contains("call 1 -> CPU 1 (published)"));
  EXPECT_EQ(WantsProbe(hang.evidence()), std::nullopt);
}

TEST(Verdict, PendingIpiRefutesAProxy) {
  SyntheticHang hang(2);
  hang.On(0, [](CpuLook& look) { look.frames = {CallFrame(0, 1, 1, core::CallPhase::kPublished), DeviceFrame()}; });
  hang.WaitsForCompletion(0, 2, {1}).Queued(1).Masked(1).Latched(1);
  EXPECT_EQ(ClassOf(hang), v1::HANG_CLASS_MASKED_TARGET);
}

TEST(Verdict, TargetInsideThisCallsFunctionIsSlowFunction) {
  SyntheticHang hang(2);
  hang.WaitsForCompletion(0, 4, {1});
  hang.On(1, [](CpuLook& look) { look.frames = {HandlerFrame(), FunctionFrame(0, 4)}; });
  EXPECT_EQ(ClassOf(hang), v1::HANG_CLASS_SLOW_FUNCTION);
}

TEST(Verdict, TargetInsideAnotherCallsFunctionIsQueuedBehind) {
  SyntheticHang hang(3);
  hang.WaitsForCompletion(0, 4, {1}).Queued(1);
  hang.On(1, [](CpuLook& look) { look.frames = {HandlerFrame(), FunctionFrame(2, 9)}; });
  const v1::HangReport report = Judge(hang.evidence()).report;
  EXPECT_EQ(report.hang_class(), v1::HANG_CLASS_QUEUED_BEHIND);
  EXPECT_THAT(report.summary(), HasSubstr("call 9 of CPU 2"));
}

TEST(Verdict, TargetInsideAnEarlierCallOfTheSameCallerIsQueuedBehind) {
  SyntheticHang hang(2);
  hang.WaitsForCompletion(0, 4, {1}).Queued(1);
  hang.On(1, [](CpuLook& look) { look.frames = {HandlerFrame(), FunctionFrame(0, 3)}; });
  EXPECT_EQ(ClassOf(hang), v1::HANG_CLASS_QUEUED_BEHIND);
}

TEST(Verdict, WaitForAllEarlierCallsIsSlowFunctionWhileOneOfThemRuns) {
  SyntheticHang hang(2);
  hang.WaitsForCompletion(0, 4, {1});
  hang.On(0, [](CpuLook& look) {
    look.wait_call = 0;
    look.frames.clear();
  });
  hang.On(1, [](CpuLook& look) { look.frames = {HandlerFrame(), FunctionFrame(0, 3)}; });
  EXPECT_EQ(ClassOf(hang), v1::HANG_CLASS_SLOW_FUNCTION);
}

TEST(Verdict, HandlerThatTakesNothingIsCyclicQueue) {
  SyntheticHang hang(2);
  hang.WaitsForCompletion(0, 1, {1}).Masked(1);
  hang.On(1, [](CpuLook& look) {
    look.frames = {HandlerFrame()};
    look.requests_published = 3;
    look.requests_taken = 4;
  });
  EXPECT_EQ(ClassOf(hang), v1::HANG_CLASS_CYCLIC_QUEUE);
}

TEST(Verdict, EmptyQueueAndNoHandlerIsNobodyOwes) {
  SyntheticHang hang(2);
  hang.WaitsForCompletion(0, 1, {1});
  EXPECT_EQ(ClassOf(hang), v1::HANG_CLASS_NOBODY_OWES);
}

TEST(Verdict, LocksOfTheProgramAloneAreNotACallFault) {
  SyntheticHang hang(2, 2);
  hang.Holds(0, 1).WaitsForLock(0, 2).Holds(1, 2).WaitsForLock(1, 1);
  const v1::HangReport report = Judge(hang.evidence()).report;
  EXPECT_EQ(report.hang_class(), v1::HANG_CLASS_NOT_A_CALL_FAULT);
  EXPECT_THAT(report.cycle(), ElementsAre(0, 1));
}

TEST(Verdict, BarrierThatSomeProgramNeverReachesIsNotACallFault) {
  SyntheticHang hang(2);
  hang.On(0, [](CpuLook& look) { look.site = core::Site::kBarrier; });
  EXPECT_EQ(ClassOf(hang), v1::HANG_CLASS_NOT_A_CALL_FAULT);
}

TEST(Verdict, ClockThatJumpedBackIsNotACallFault) {
  SyntheticHang hang(2);
  hang.WaitsForCompletion(0, 1, {1}).Queued(1);
  hang.evidence().first.cpus[0].newest_stamp_time = 1000;
  hang.evidence().second.cpus[0].newest_stamp_time = 900;
  EXPECT_EQ(ClassOf(hang), v1::HANG_CLASS_NOT_A_CALL_FAULT);
}

TEST(Verdict, LongestWaitIsExplainedFirst) {
  // Both orders: the one that waits longest is listed first, whatever its number.
  for (const std::uint32_t longest : {0u, 2u}) {
    const std::uint32_t other = 2 - longest;
    SyntheticHang hang(4);
    hang.WaitsForCompletion(longest, 1, {1}).Queued(1);
    hang.WaitsForCompletion(other, 1, {3});
    EXPECT_EQ(ClassOf(hang), v1::HANG_CLASS_LOST_IPI) << longest;
  }
}

TEST(Verdict, AmongSeveralTargetsTheEarlierStepConvicts) {
  // Both orders of the two targets: one lost its IPI (step 7), the other is inside the function (step 4).
  for (const std::uint32_t slow : {1u, 2u}) {
    SyntheticHang hang(3);
    hang.WaitsForCompletion(0, 1, {1, 2}).Queued(3 - slow);
    hang.On(slow, [](CpuLook& look) { look.frames = {HandlerFrame(), FunctionFrame(0, 1)}; });
    EXPECT_EQ(ClassOf(hang), v1::HANG_CLASS_SLOW_FUNCTION) << slow;
  }
}

TEST(Verdict, AmongEqualTargetsTheLowerNumberIsProbed) {
  SyntheticHang hang(3);
  hang.WaitsForCompletion(0, 1, {1, 2}).Queued(1).Queued(2);
  EXPECT_EQ(WantsProbe(hang.evidence()), 1u);
}

TEST(Verdict, TimelineIsInNanosecondsSinceTheTrialBegan) {
  SyntheticHang hang = MutualMasked();
  hang.evidence().clock = {1000, std::uint64_t{2} << 32};
  StampLook stamp;
  stamp.cpu = 1;
  stamp.stamp.time = 1500;
  stamp.stamp.call = core::CallId(0, 3);
  stamp.stamp.stage = static_cast<core::u16>(core::Stage::kFnEntry);
  hang.evidence().timeline = {stamp};
  const v1::HangReport report = Judge(hang.evidence()).report;
  ASSERT_EQ(report.timeline_size(), 1);
  EXPECT_EQ(report.timeline(0).at_nanos(), 1000u);
  EXPECT_EQ(report.timeline(0).stage(), "fn_entry");
  EXPECT_EQ(report.timeline(0).call_sequence(), 3u);
}

TEST(Verdict, ThousandMaskedCpusInARingAreOneCycle) {
  constexpr std::uint32_t kCpus = 1000;
  SyntheticHang hang(kCpus);
  for (std::uint32_t cpu = 0; cpu < kCpus; ++cpu) {
    hang.WaitsForCompletion(cpu, 1, {(cpu + 1) % kCpus}).Masked(cpu).Queued(cpu).Latched(cpu);
  }
  EXPECT_EQ(Judge(hang.evidence()).report.cycle_size(), static_cast<int>(kCpus));
}

}  // namespace
}  // namespace crosscall::watchdog
