// Whole trials on the real signal port: pinned threads of this machine, ordinary scheduling, few calls.
#include "agent/measure/trial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent/core/implementation.h"
#include "agent/core/stage.h"
#include "agent/ports/board_cpus.h"
#include "proto/shared/histogram_proto.h"

namespace crosscall::measure {
namespace {

using ::testing::HasSubstr;

// A memfd for one trial.
class Region {
 public:
  Region() : fd_(memfd_create("trial-test", MFD_CLOEXEC)) { EXPECT_GE(fd_, 0); }
  ~Region() { close(fd_); }
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

// Few: on a machine that is busy with more important things, two threads seldom run at the same time, and a call may
// take the better part of a second.
constexpr std::uint64_t kCalls = 40;

v1::TrialSpec SpecOf(const std::string& scenario, const std::string& implementation) {
  v1::TrialSpec spec;
  spec.set_scenario(scenario);
  spec.set_implementation(implementation);
  spec.set_call_limit(kCalls);
  spec.set_seed(7);
  spec.mutable_deadline()->set_seconds(60);
  spec.set_no_realtime(true);
  return spec;
}

v1::TrialResult RunHere(const v1::TrialSpec& spec, const TrialHooks& hooks = {}) {
  const Region region;
  const absl::StatusOr<v1::TrialResult> result = RunTrial(spec, region.fd(), hooks);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *result : v1::TrialResult();
}

bool Disturbed(const v1::TrialResult& result) {
  return result.outcome() == v1::OUTCOME_INVALID && absl::StartsWith(result.reason(), "disturbed");
}

// Other load on this machine may make a trial invalid, which is what invalid is for; mostly some attempt gets through.
v1::TrialResult RunUntilCompleted(const v1::TrialSpec& spec) {
  v1::TrialResult result = RunHere(spec);
  for (int attempt = 1; attempt < 3 && Disturbed(result); ++attempt) result = RunHere(spec);
  return result;
}

// Completed, or honest about a machine that never let it run undisturbed.
void ExpectMeasured(const v1::TrialResult& result) {
  EXPECT_TRUE(result.outcome() == v1::OUTCOME_COMPLETED || Disturbed(result)) << result.reason();
}

bool HasTwoCpus() { return ports::UsableBoardCpus().size() >= 2; }

std::uint64_t RouteTargets(const v1::TrialResult& result) {
  std::uint64_t sum = 0;
  for (const v1::RouteCount& route : result.routes()) sum += route.count();
  return sum;
}

const v1::StageInterval* FindStage(const v1::TrialResult& result, const std::string& from, const std::string& to) {
  for (const v1::StageInterval& stage : result.stages()) {
    if (stage.from() == from && stage.to() == to) return &stage;
  }
  return nullptr;
}

TEST(TrialTest, SingleCallsCompleteAndAddUp) {
  if (!HasTwoCpus()) GTEST_SKIP() << "needs two CPUs";
  const v1::TrialResult result = RunUntilCompleted(SpecOf("single-call", "per_target/spin/mask_all"));
  ExpectMeasured(result);
  EXPECT_GE(result.calls(), kCalls);
  EXPECT_EQ(result.refused_calls(), 0u);
  EXPECT_EQ(result.violations(), 0u);
  EXPECT_EQ(result.latency().count(), result.calls());
  EXPECT_EQ(RouteTargets(result), result.calls());
  EXPECT_GT(result.latency().max_nanos(), 0u);
  EXPECT_GT(result.elapsed_nanos(), 0u);
  EXPECT_GE(result.ipis().seen(), result.ipis().expected() * 95 / 100);
  EXPECT_GT(result.ipis().expected(), 0u);
  ASSERT_EQ(result.pairs_size(), 1);
  EXPECT_EQ(result.pairs(0).source(), 0u);
  EXPECT_EQ(result.pairs(0).target(), 1u);
  EXPECT_NE(FindStage(result, "kick", "ipi_entry"), nullptr);
  EXPECT_NE(FindStage(result, "fn_entry", "fn_exit"), nullptr);
}

TEST(TrialTest, EveryAlgorithmCompletesSingleCalls) {
  if (!HasTwoCpus()) GTEST_SKIP() << "needs two CPUs";
  for (const char* const algorithm : core::kAlgorithmNames) {
    for (const char* const rest : {"/spin/mask_all", "/poll_everywhere/ipi_open"}) {
      const v1::TrialResult result = RunUntilCompleted(SpecOf("single-call", absl::StrCat(algorithm, rest)));
      SCOPED_TRACE(absl::StrCat(algorithm, rest));
      ExpectMeasured(result);
      EXPECT_EQ(result.latency().count(), result.calls());
      EXPECT_EQ(RouteTargets(result), result.calls());
    }
  }
}

TEST(TrialTest, NoStampIsLostUnderNestedInterrupts) {
  if (!HasTwoCpus()) GTEST_SKIP() << "needs two CPUs";
  const v1::TrialResult result = RunUntilCompleted(SpecOf("async-busy", "call_lock/open_window/ipi_open"));
  ExpectMeasured(result);
  EXPECT_EQ(RouteTargets(result), result.calls() + result.refused_calls());
}

TEST(TrialTest, EveryTargetStateServesCalls) {
  if (!HasTwoCpus()) GTEST_SKIP() << "needs two CPUs";
  for (const v1::TargetState state : {v1::TARGET_STATE_SPIN, v1::TARGET_STATE_SLEEP, v1::TARGET_STATE_SYSCALL}) {
    v1::TrialSpec spec = SpecOf("single-call", "per_target/spin/mask_all");
    spec.set_target_state(state);
    const v1::TrialResult result = RunUntilCompleted(spec);
    ExpectMeasured(result);
    EXPECT_EQ(result.latency().count(), result.calls());
  }
}

TEST(TrialTest, TwoCallersMeetAfterEachRound) {
  if (!HasTwoCpus()) GTEST_SKIP() << "needs two CPUs";
  const v1::TrialResult result = RunUntilCompleted(SpecOf("mutual-masked", "generic_2008/poll_completion/mask_all"));
  ExpectMeasured(result);
  EXPECT_EQ(result.latency().count(), result.calls());
  EXPECT_EQ(result.pairs_size(), 2);
  EXPECT_FALSE(result.misuses().empty());  // the scenario breaks the API's rules on purpose
}

TEST(TrialTest, TheCircumstancesTravelWithTheResult) {
  if (!HasTwoCpus()) GTEST_SKIP() << "needs two CPUs";
  const v1::TrialResult result = RunHere(SpecOf("single-call", "per_target/spin/mask_all"));
  EXPECT_EQ(result.seed(), 7u);
  EXPECT_EQ(result.environment().scheduling(), "SCHED_OTHER");
  EXPECT_NE(result.environment().scheduling_note(), "");
  EXPECT_EQ(result.environment().target_state(), "spin");
  EXPECT_EQ(result.environment().board_cpus_size(), 2);
  EXPECT_NE(result.environment().kernel(), "");
  EXPECT_GT(result.overhead().clock_read_nanos() + result.overhead().empty_call_nanos(), 0u);
  EXPECT_GT(result.overhead().clock_skew_nanos(), 0u);
  EXPECT_NE(result.overhead().clock(), "");
  EXPECT_GT(result.overhead().ticks_per_second(), 0u);
}

TEST(TrialTest, RefusedCallsAreARefusedTrial) {
  if (!HasTwoCpus()) GTEST_SKIP() << "needs two CPUs";
  const v1::TrialResult result = RunHere(SpecOf("masked-caller", "generic_2008/fail_fast/mask_all"));
  EXPECT_EQ(result.outcome(), v1::OUTCOME_REFUSED);
  EXPECT_EQ(result.calls(), 0u);
  EXPECT_GE(result.refused_calls(), kCalls);
  EXPECT_THAT(result.reason(), HasSubstr("refused all"));
}

TEST(TrialTest, WhatCannotRunHereIsRefusedBeforeItIsReady) {
  TrialHooks hooks;
  hooks.on_ready = [](const TrialReady&) {
    ADD_FAILURE() << "must not become ready";
    return absl::OkStatus();
  };
  v1::TrialSpec spec = SpecOf("single-call", "per_target/spin/mask_all");
  spec.add_cpus(8000);
  spec.add_cpus(8001);
  const v1::TrialResult result = RunHere(spec, hooks);
  EXPECT_EQ(result.outcome(), v1::OUTCOME_REFUSED);
  EXPECT_THAT(result.reason(), HasSubstr("8000"));
}

TEST(TrialTest, OversubscribedTrialRunsAndIsInvalid) {
  v1::TrialSpec spec = SpecOf("crowded", "per_target/spin/mask_all");
  spec.set_scenario_text(absl::StrCat("scenario: crowded\nabout: test\ncpus: ", ports::UsableBoardCpus().size() + 1,
                                      "\nprograms:\n  0: [call others noop wait]\n"));
  spec.set_oversubscribe(true);
  spec.set_call_limit(3);
  const v1::TrialResult result = RunHere(spec);
  EXPECT_EQ(result.outcome(), v1::OUTCOME_INVALID);
  EXPECT_THAT(result.reason(), HasSubstr("oversubscribed"));
  EXPECT_GE(result.calls(), 3u);
}

// Where the flight region says each CPU's thread is, for somebody outside who does it harm.
pid_t ThreadOf(int region_fd, std::uint64_t region_bytes, std::uint32_t cpu) {
  void* const memory = mmap(nullptr, region_bytes, PROT_READ, MAP_SHARED, region_fd, 0);
  if (memory == MAP_FAILED) return 0;
  const auto* const header = static_cast<const core::RegionHeader*>(memory);
  const auto* const cpus =
      reinterpret_cast<const core::CpuState*>(static_cast<const char*>(memory) + header->cpus_offset);
  const auto thread = static_cast<pid_t>(core::Peek(cpus[cpu].thread_id));
  munmap(memory, region_bytes);
  return thread;
}

TEST(TrialTest, PartnerThatIsNotOnItsCpuMakesTheTrialInvalidAndNotFast) {
  if (!HasTwoCpus()) GTEST_SKIP() << "needs two CPUs";
  const std::vector<std::uint32_t> usable = ports::UsableBoardCpus();
  const Region region;
  v1::TrialSpec spec = SpecOf("single-call", "per_target/spin/mask_all");
  spec.set_call_limit(20);
  TrialHooks hooks;
  hooks.on_ready = [&](const TrialReady& ready) {
    cpu_set_t callers_cpu;
    CPU_ZERO(&callers_cpu);
    CPU_SET(usable[0], &callers_cpu);
    const pid_t partner = ThreadOf(region.fd(), ready.region_bytes, 1);
    EXPECT_EQ(sched_setaffinity(partner, sizeof(callers_cpu), &callers_cpu), 0);
    return absl::OkStatus();
  };
  const absl::StatusOr<v1::TrialResult> result = RunTrial(spec, region.fd(), hooks);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->outcome(), v1::OUTCOME_INVALID);
  EXPECT_THAT(result->reason(), HasSubstr("CPU 1"));
  EXPECT_THAT(result->reason(), HasSubstr("was not on its CPU"));
  EXPECT_GT(result->disturbance().migrations(), 0u);
}

TEST(TrialTest, KernelThatCountsNoInterruptsForTheKicksMakesTheTrialInvalid) {
  if (!HasTwoCpus()) GTEST_SKIP() << "needs two CPUs";
  const std::vector<std::uint32_t> usable = ports::UsableBoardCpus();
  std::string root = ::testing::TempDir() + "trial-test-XXXXXX";
  ASSERT_NE(mkdtemp(root.data()), nullptr);
  std::filesystem::create_directory(root + "/proc");
  std::ofstream(root + "/proc/interrupts")
      << "  CPU" << usable[0] << " CPU" << usable[1] << "\nRES: 5 5 Rescheduling interrupts\n";
  TrialHooks hooks;
  hooks.root = root;
  v1::TrialSpec spec = SpecOf("single-call", "per_target/spin/mask_all");
  spec.set_call_limit(300);
  v1::TrialResult result;
  for (int attempt = 0; attempt < 5 && !absl::StartsWith(result.reason(), "ipi_missing"); ++attempt) {
    result = RunHere(spec, hooks);
  }
  std::filesystem::remove_all(root);
  if (!absl::StartsWith(result.reason(), "ipi_missing") &&
      result.disturbance().involuntary_switches() * 2 >= result.calls()) {
    GTEST_SKIP() << "this machine is so busy that switches explain the missing interrupts";
  }
  EXPECT_EQ(result.outcome(), v1::OUTCOME_INVALID);
  EXPECT_THAT(result.reason(), HasSubstr("ipi_missing: the kernel counted 0 interrupts on CPU 1"));
  EXPECT_GT(result.ipis().seen(), 0u);  // the handler was entered; what is missing is the proof of an interrupt
}

TEST(TrialTest, RoundThatOverflowsTheRingsIsInvalidAndNotWrong) {
  if (!HasTwoCpus()) GTEST_SKIP() << "needs two CPUs";
  // Self calls are cheap, so a round of more stamps than the largest ring holds takes no time.
  v1::TrialSpec spec = SpecOf("too-long", "per_target/spin/mask_all");
  spec.set_scenario_text(
      "scenario: too-long\nabout: test\ncpus: 1\nprograms:\n  0: [{repeat: 150000, do: [call self noop wait]}]\n");
  const v1::TrialResult result = RunHere(spec);
  EXPECT_EQ(result.outcome(), v1::OUTCOME_INVALID);
  EXPECT_THAT(result.reason(), HasSubstr("overwritten"));
}

TEST(TrialTest, FixedRateStartsCallsOnSchedule) {
  if (!HasTwoCpus()) GTEST_SKIP() << "needs two CPUs";
  v1::TrialSpec spec = SpecOf("single-call", "per_target/spin/mask_all");
  spec.set_arrival_rate_hz(2000);
  spec.set_call_limit(50);
  const v1::TrialResult result = RunHere(spec);
  EXPECT_EQ(result.latency().count(), result.calls());
  // Fifty calls, half a millisecond apart, on a schedule that never runs ahead.
  EXPECT_GE(result.elapsed_nanos(), 24'000'000u);
}

TEST(TrialTest, FixedRateThatCannotBeKeptShowsAsLatency) {
  if (!HasTwoCpus()) GTEST_SKIP() << "needs two CPUs";
  v1::TrialSpec spec = SpecOf("slow", "per_target/spin/mask_all");
  spec.set_scenario_text(
      "scenario: slow\nabout: test\nfunctions:\n  f: [work 1ms]\nprograms:\n"
      "  0: [{repeat: 20, do: [call 1 f wait]}]\n");
  spec.set_arrival_rate_hz(10'000);
  spec.set_call_limit(20);
  const v1::TrialResult result = RunHere(spec);
  ASSERT_EQ(result.latency().count(), 20u);
  // The last call was meant for 1.9 ms and cannot end before 20 ms.
  EXPECT_GE(result.latency().max_nanos(), 18'000'000u);
}

TEST(TrialTest, TimeLimitEndsATrialWithoutCalls) {
  v1::TrialSpec spec = SpecOf("no-calls", "per_target/spin/mask_all");
  spec.set_scenario_text("scenario: no-calls\nabout: test\ncpus: 1\nlocks: [L]\nprograms:\n  0: [lock L, unlock L]\n");
  spec.set_call_limit(0);
  spec.mutable_time_limit()->set_nanos(5'000'000);
  const v1::TrialResult result = RunHere(spec);
  EXPECT_EQ(result.outcome(), v1::OUTCOME_COMPLETED) << result.reason();
  EXPECT_EQ(result.calls(), 0u);
  EXPECT_GE(result.elapsed_nanos(), 5'000'000u);
}

TEST(TrialTest, CallLimitEndsATrialWithoutCalls) {
  v1::TrialSpec spec = SpecOf("no-calls", "per_target/spin/mask_all");
  spec.set_scenario_text("scenario: no-calls\nabout: test\ncpus: 1\nprograms:\n  0: [irq_off, irq_on]\n");
  const v1::TrialResult result = RunHere(spec);
  EXPECT_EQ(result.outcome(), v1::OUTCOME_COMPLETED) << result.reason();
  EXPECT_EQ(result.calls(), 0u);
}

TEST(TrialTest, ReadyComesOnceBeforeTheTimedPartWithTheLocksInOrder) {
  v1::TrialSpec spec = SpecOf("locks", "per_target/spin/mask_all");
  spec.set_scenario_text(
      "scenario: locks\nabout: test\ncpus: 1\nlocks: [A, B]\nprograms:\n  0: [lock B, unlock B, call self noop "
      "wait]\n");
  spec.set_call_limit(2);
  int times = 0;
  TrialHooks hooks;
  hooks.on_ready = [&](const TrialReady& ready) {
    ++times;
    EXPECT_EQ(ready.cpu_count, 1u);
    EXPECT_EQ(ready.locks, (std::vector<std::string>{"A", "B"}));
    EXPECT_GT(ready.region_bytes, 0u);
    return absl::OkStatus();
  };
  EXPECT_EQ(RunHere(spec, hooks).calls(), 2u);
  EXPECT_EQ(times, 1);
}

TEST(TrialTest, ErrorOfTheReadyHookEndsTheTrialBeforeItBegins) {
  TrialHooks hooks;
  hooks.on_ready = [](const TrialReady&) { return absl::UnavailableError("nobody listens"); };
  v1::TrialSpec spec = SpecOf("self-call", "per_target/spin/mask_all");
  spec.set_oversubscribe(true);
  const Region region;
  const absl::StatusOr<v1::TrialResult> result = RunTrial(spec, region.fd(), hooks);
  EXPECT_EQ(result.status().code(), absl::StatusCode::kUnavailable);
}

TEST(TrialTest, SixtyFourCpusOnAFewProcessorsCalibrateAndRun) {
  v1::TrialSpec spec = SpecOf("wide", "per_target/spin/mask_all");
  spec.set_scenario_text("scenario: wide\nabout: test\ncpus: 64\nprograms:\n  0: [call others noop wait]\n");
  spec.set_oversubscribe(true);
  spec.set_target_state(v1::TARGET_STATE_SLEEP);
  spec.set_call_limit(2);
  const v1::TrialResult result = RunHere(spec);
  EXPECT_EQ(result.outcome(), v1::OUTCOME_INVALID);
  EXPECT_GE(result.calls(), 2u);
  EXPECT_EQ(RouteTargets(result), result.calls() * 63);
}

}  // namespace
}  // namespace crosscall::measure
