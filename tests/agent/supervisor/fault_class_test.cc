// What the scenario language can break, on the real worker: each report names what was injected.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "agent/supervisor/spans.h"
#include "agent/supervisor/trial_process.h"
#include "proto/shared/hang_text.h"

namespace crosscall::supervisor {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

constexpr char kQueue[] = "per_target/spin/mask_all";

struct Trial {
  std::string scenario;   // of the catalogue, or the name in `text`
  std::string text = {};  // YAML after the name; empty: of the catalogue
  std::string implementation = kQueue;
  std::uint64_t calls = 1000;
  absl::Duration deadline = absl::Milliseconds(300);
  absl::Duration look_gap = absl::Milliseconds(500);
};

v1::TrialResult RunOnce(const Trial& trial) {
  v1::TrialSpec spec;
  spec.set_scenario(trial.scenario);
  if (!trial.text.empty()) spec.set_scenario_text(absl::StrCat("scenario: ", trial.scenario, "\n", trial.text));
  spec.set_implementation(trial.implementation);
  spec.set_call_limit(trial.calls);
  spec.set_seed(7);
  spec.set_no_realtime(true);
  spec.set_oversubscribe(true);
  *spec.mutable_deadline() = ToProto(trial.deadline);
  TrialOptions options;
  options.worker_path = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "../../bin/crosscall-worker";
  options.look_gap = trial.look_gap;
  options.realtime_watcher = false;
  const Cancellation never;
  const auto result = TrialProcess::Run(options, spec, never, {});
  EXPECT_TRUE(result.ok()) << result.status();
  return result.value_or(v1::TrialResult());
}

// On a machine so busy that the threads get no processor a trial says so, and is run again, as the controller does.
v1::TrialResult RunTrialOf(const Trial& trial) {
  v1::TrialResult result;
  for (int attempt = 0; attempt < 5; ++attempt) {
    result = RunOnce(trial);
    if (result.outcome() != v1::OUTCOME_INVALID || result.reason().find("starved") == std::string::npos) break;
  }
  return result;
}

v1::HangReport Hang(const Trial& trial) {
  const v1::TrialResult result = RunTrialOf(trial);
  EXPECT_EQ(result.outcome(), v1::OUTCOME_HUNG) << result.reason() << "\n" << result.worker_log();
  return result.hang();
}

#define EXPECT_CLASS(report, wanted) EXPECT_EQ((report).hang_class(), wanted) << shared::HangText(report)

TEST(FaultClass, MutualMaskedQueueIsMaskedTargetInACycle) {
  for (const char* implementation : {"generic_2008/spin/mask_all", "percpu_record/spin/mask_all", kQueue}) {
    const v1::HangReport report = Hang({.scenario = "mutual-masked", .implementation = implementation});
    EXPECT_CLASS(report, v1::HANG_CLASS_MASKED_TARGET);
    EXPECT_THAT(report.cycle(), UnorderedElementsAre(0, 1));
    ASSERT_EQ(report.cpus_size(), 2);
    EXPECT_TRUE(report.cpus(0).irqs_masked() && report.cpus(1).irqs_masked());
    EXPECT_TRUE(report.cpus(0).ipi_pending() && report.cpus(1).ipi_pending());
    EXPECT_THAT(report.summary(), AllOf(HasSubstr("CPU 0"), HasSubstr("CPU 1"), HasSubstr("cycle")));
    EXPECT_GT(report.timeline_size(), 0);
  }
}

TEST(FaultClass, MutualMaskedCallLockIsLockHeldByCallerInACycle) {
  const v1::HangReport report = Hang({.scenario = "mutual-masked", .implementation = "call_lock/spin/mask_all"});
  EXPECT_CLASS(report, v1::HANG_CLASS_LOCK_HELD_BY_CALLER);
  EXPECT_THAT(report.cycle(), UnorderedElementsAre(0, 1));
  ASSERT_EQ(report.cpus_size(), 2);
  EXPECT_TRUE(report.cpus(0).irqs_masked() && report.cpus(1).irqs_masked());
}

TEST(FaultClass, CallerHoldingTheTargetsLockIsLockHeldByCaller) {
  EXPECT_CLASS(Hang({.scenario = "caller-holds-lock"}), v1::HANG_CLASS_LOCK_HELD_BY_CALLER);
}

TEST(FaultClass, DroppedIpiIsLostAndTheProbeConfirmsIt) {
  for (const char* implementation :
       {"call_lock/spin/mask_all", "generic_2008/spin/mask_all", "percpu_record/spin/mask_all", kQueue,
        "mailbox_grid/spin/mask_all", "per_target/spin/ipi_open"}) {
    const v1::HangReport report = Hang({.scenario = "dropped",
                                        .text = "programs: {0: [call 1 noop wait]}\n"
                                                "faults: [{drop_ipi: {to: 1, nth: 1}}]\n",
                                        .implementation = implementation});
    EXPECT_CLASS(report, v1::HANG_CLASS_LOST_IPI) << implementation;
    EXPECT_THAT(report.probe(), HasSubstr("freed the call at once"));
    EXPECT_FALSE(report.late());
  }
}

TEST(FaultClass, DelayedIpiIsLateNotLost) {
  const v1::HangReport report = Hang({.scenario = "delayed",
                                      .text = "programs: {0: [call 1 noop wait]}\n"
                                              "faults: [{delay_ipi: {to: 1, by: 2500ms}}]\n",
                                      .deadline = absl::Seconds(1),
                                      .look_gap = absl::Seconds(4)});
  EXPECT_CLASS(report, v1::HANG_CLASS_OVERLOAD);
  EXPECT_TRUE(report.late());
  EXPECT_THAT(report.probe(), ::testing::IsEmpty());
}

TEST(FaultClass, MaskedTargetOutsideAnyWaitIsMaskedTarget) {
  const v1::HangReport report = Hang({.scenario = "masked",
                                      .text = "programs:\n"
                                              "  0: [barrier b, work 20ms, call 1 noop wait]\n"
                                              "  1: [irq_off, barrier b, work 60s, irq_on]\n"});
  EXPECT_CLASS(report, v1::HANG_CLASS_MASKED_TARGET);
  EXPECT_THAT(report.cycle(), ::testing::IsEmpty());
  ASSERT_EQ(report.cpus_size(), 2);
  EXPECT_TRUE(report.cpus(1).ipi_pending());
}

TEST(FaultClass, FunctionThatTakesTooLongIsSlowFunction) {
  EXPECT_CLASS(Hang({.scenario = "slow",
                     .text = "functions: {f: [work 60s]}\n"
                             "programs: {0: [call 1 f wait]}\n"}),
               v1::HANG_CLASS_SLOW_FUNCTION);
}

TEST(FaultClass, RequestBehindAnothersFunctionIsQueuedBehind) {
  EXPECT_CLASS(Hang({.scenario = "behind",
                     .text = "functions: {f: [work 60s]}\n"
                             "programs: {0: [call 1 f nowait, call 1 noop wait]}\n",
                     .implementation = "generic_2008/spin/mask_all"}),
               v1::HANG_CLASS_QUEUED_BEHIND);
}

TEST(FaultClass, CallOutOfAnInterruptBeforeTheKickIsProxy) {
  const v1::HangReport report = Hang({.scenario = "proxy",
                                      .text = "functions: {again: [call 1 noop wait]}\n"
                                              "programs: {0: [call 1 noop wait]}\n"
                                              "interrupts: [{cpu: 0, run: again, times: 1, at: queued-not-kicked}]\n"
                                              "faults: [kick_window]\n"});
  EXPECT_CLASS(report, v1::HANG_CLASS_PROXY);
}

TEST(FaultClass, DescheduledTargetIsGone) {
  const v1::HangReport report = Hang({.scenario = "descheduled",
                                      .text = "programs: {0: [call 1 noop wait]}\n"
                                              "faults: [{deschedule: {cpu: 1, for: 60s, at: handler-entry}}]\n"});
  EXPECT_CLASS(report, v1::HANG_CLASS_TARGET_GONE);
}

TEST(FaultClass, CallerDescheduledBeforeItsKickIsGone) {
  const v1::HangReport report = Hang({.scenario = "owing",
                                      .text = "programs: {0: [call 1 noop wait]}\n"
                                              "faults: [kick_window, {deschedule: {cpu: 0, for: 60s, at: "
                                              "queued-not-kicked}}]\n"});
  EXPECT_CLASS(report, v1::HANG_CLASS_TARGET_GONE);
}

TEST(FaultClass, LocksTakenInBothOrdersAreNotACallFault) {
  const v1::HangReport report = Hang({.scenario = "abba",
                                      .text = "programs:\n"
                                              "  0: [lock A, barrier b, lock B, unlock B, unlock A]\n"
                                              "  1: [lock B, barrier b, lock A, unlock A, unlock B]\n"});
  EXPECT_CLASS(report, v1::HANG_CLASS_NOT_A_CALL_FAULT);
  EXPECT_THAT(report.cycle(), ElementsAre(0, 1));
  ASSERT_EQ(report.waits_size(), 2);
  EXPECT_EQ(report.waits(0).lock(), "B");
  EXPECT_EQ(report.waits(1).lock(), "A");
}

// Rule H2: one finding, one fingerprint. Each of these breaks something else.
TEST(FaultClass, EachInjectionHasItsOwnFingerprintAndTheSameTwice) {
  const Trial injections[] = {
      {.scenario = "mutual-masked"},
      {.scenario = "mutual-masked", .implementation = "call_lock/spin/mask_all"},
      {.scenario = "caller-holds-lock"},
      {.scenario = "dropped", .text = "programs: {0: [call 1 noop wait]}\nfaults: [{drop_ipi: {to: 1, nth: 1}}]\n"},
      {.scenario = "masked",
       .text = "programs:\n"
               "  0: [barrier b, work 20ms, call 1 noop wait]\n"
               "  1: [irq_off, barrier b, work 60s, irq_on]\n"},
      {.scenario = "slow", .text = "functions: {f: [work 60s]}\nprograms: {0: [call 1 f wait]}\n"},
      {.scenario = "behind",
       .text = "functions: {f: [work 60s]}\nprograms: {0: [call 1 f nowait, call 1 noop wait]}\n",
       .implementation = "generic_2008/spin/mask_all"},
      {.scenario = "proxy",
       .text = "functions: {again: [call 1 noop wait]}\n"
               "programs: {0: [call 1 noop wait]}\n"
               "interrupts: [{cpu: 0, run: again, times: 1, at: queued-not-kicked}]\n"
               "faults: [kick_window]\n"},
      {.scenario = "descheduled",
       .text = "programs: {0: [call 1 noop wait]}\nfaults: [{deschedule: {cpu: 1, for: 60s, at: handler-entry}}]\n"},
      {.scenario = "abba",
       .text = "programs:\n"
               "  0: [lock A, barrier b, lock B, unlock B, unlock A]\n"
               "  1: [lock B, barrier b, lock A, unlock A, unlock B]\n"}};
  std::map<std::string, std::string> scenario_of;
  for (const Trial& trial : injections) {
    const v1::HangReport first = Hang(trial);
    const v1::HangReport second = Hang(trial);
    EXPECT_EQ(first.fingerprint(), second.fingerprint()) << trial.scenario;
    const auto [other, is_new] = scenario_of.emplace(first.fingerprint(), trial.scenario);
    EXPECT_TRUE(is_new) << trial.scenario << " and " << other->second << " are both " << first.fingerprint();
  }
}

TEST(FaultClass, FaultsThatTheAlgorithmsSurviveAreNoHang) {
  for (const char* fault :
       {"{dup_ipi: {to: 1, nth: 1}}", "{alloc_fail: {cpu: 0, nth: 1}}", "{mutate_mask: {cpu: 0}}", "kick_window"}) {
    const v1::TrialResult result =
        RunTrialOf({.scenario = "survived",
                    .text = absl::StrCat("programs: {0: [call others noop wait]}\n", "faults: [", fault, "]\n"),
                    .implementation = "generic_2008/spin/mask_all",
                    .calls = 200,
                    .deadline = absl::Seconds(30)});
    EXPECT_TRUE(result.outcome() == v1::OUTCOME_COMPLETED || result.outcome() == v1::OUTCOME_INVALID)
        << fault << ": " << v1::Outcome_Name(result.outcome()) << " " << result.reason();
  }
}

}  // namespace
}  // namespace crosscall::supervisor
