#include "proto/shared/exploration_text.h"

#include <gtest/gtest.h>

#include "proto/shared/hang_text.h"

namespace crosscall::shared {
namespace {

v1::Exploration Deadlock() {
  v1::Exploration exploration;
  exploration.set_verdict(v1::Exploration::VERDICT_DEADLOCK);
  exploration.set_memory(v1::MEMORY_MODEL_WEAK);
  exploration.set_states(12);
  exploration.set_executions(34);
  exploration.set_steps(567);
  exploration.set_elapsed_nanos(1'250'000'000);
  const auto add = [&](std::uint32_t cpu, const char* op, const char* stage) {
    v1::ExplorationStep& step = *exploration.add_trace();
    step.set_cpu(cpu);
    step.set_op(op);
    step.set_stage(stage);
  };
  add(0, "irq_off", "");
  add(1, "call 0 f wait", "queued");
  v1::ExplorationWait& wait = *exploration.add_waits();
  wait.set_cpu(1);
  wait.set_waits_for("completion of call to CPU 0");
  wait.set_masked(true);
  wait.set_ipi_pending(true);
  return exploration;
}

constexpr char kDeadlockText[] =
    "VERDICT: deadlock\n"
    "memory weak, 12 states, 34 executions, 567 steps, 1.2 s\n"
    "a shortest way there\n"
    "     1  CPU 0  irq_off\n"
    "     2  CPU 1  call 0 f wait  queued\n"
    "who waits for what at its end\n"
    "  CPU 1 waits for completion of call to CPU 0, interrupts masked, IPI pending\n";

TEST(ExplorationTextTest, SaysTheVerdictTheWayAndTheWaits) {
  EXPECT_EQ(ExplorationText(Deadlock()), kDeadlockText);
  EXPECT_EQ(ExplorationSummary(Deadlock()), "2 steps: CPU 1 waits for completion of call to CPU 0");
}

TEST(ExplorationTextTest, LeavesOutWhatIsNotThere) {
  v1::Exploration unknown;
  unknown.set_verdict(v1::Exploration::VERDICT_UNKNOWN);
  unknown.set_memory(v1::MEMORY_MODEL_SC);
  unknown.set_reason("limit of 5 states");
  EXPECT_EQ(ExplorationText(unknown),
            "VERDICT: unknown (limit of 5 states)\nmemory sc, 0 states, 0 executions, 0 steps, 0.0 s\n");
  EXPECT_EQ(ExplorationSummary(unknown), "limit of 5 states");
}

TEST(ExplorationTextTest, EveryValueHasItsWordAndUnknownOnesSaySo) {
  EXPECT_EQ(VerdictName(v1::Exploration::VERDICT_COMPLETES), "completes");
  EXPECT_EQ(VerdictName(v1::Exploration::VERDICT_REFUSED), "refused");
  EXPECT_EQ(VerdictName(v1::Exploration::VERDICT_LIVELOCK), "livelock");
  EXPECT_EQ(VerdictName(v1::Exploration::VERDICT_VIOLATION), "violation");
  EXPECT_EQ(VerdictName(static_cast<v1::Exploration::Verdict>(99)), "unknown");
  EXPECT_EQ(MemoryModelName(v1::MEMORY_MODEL_UNSPECIFIED), "");
  EXPECT_EQ(TargetSystemName(v1::TARGET_SYSTEM_UNSPECIFIED), "signal");
  EXPECT_EQ(TargetSystemName(v1::TARGET_SYSTEM_EXPLORE), "explore");
  EXPECT_EQ(TargetSystemName(static_cast<v1::TargetSystem>(99)), "unknown");
}

TEST(ExplorationTextTest, HangReportEndsWithWhatIsKnown) {
  v1::HangReport report;
  const std::string without = HangText(report);
  report.mutable_known_finding()->set_name("sweeps/s/trials/t9/attempts/1");
  *report.mutable_known_finding()->mutable_exploration() = Deadlock();
  EXPECT_EQ(HangText(report), without + "known to the explorer: sweeps/s/trials/t9/attempts/1\n" + kDeadlockText);
}

}  // namespace
}  // namespace crosscall::shared
