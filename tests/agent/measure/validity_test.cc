#include "agent/measure/validity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace crosscall::measure {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A quiet trial: a thousand calls of CPU 0 to CPU 1, every IPI seen by handler and kernel.
Evidence Quiet() {
  Evidence evidence;
  evidence.calls = 1000;
  evidence.elapsed_nanos = 1'000'000'000;
  evidence.median_nanos = 10'000;
  for (std::uint32_t cpu = 0; cpu < 2; ++cpu) {
    CpuEvidence& one = evidence.cpus.emplace_back();
    one.cpu = cpu;
    one.board_cpu = cpu + 4;
    one.interrupts_known = true;
  }
  evidence.cpus[1].expected_entries = evidence.cpus[1].seen_entries = 1000;
  evidence.cpus[1].expected_interrupts = evidence.cpus[1].seen_interrupts = 1000;
  return evidence;
}

struct Case {
  const char* name;
  void (*change)(Evidence&);
  v1::Outcome outcome;
  const char* reason;  // a part of it; empty for COMPLETED
};

constexpr Case kCases[] = {
    {"QuietTrialCompletes", [](Evidence&) {}, v1::OUTCOME_COMPLETED, ""},
    {"NoCallsAtAllComplete", [](Evidence& e) { e = Evidence(); }, v1::OUTCOME_COMPLETED, ""},
    {"SomeRefusedCallsComplete", [](Evidence& e) { e.refused_calls = 500; }, v1::OUTCOME_COMPLETED, ""},
    {"OnlyRefusedCallsAreARefusal",
     [](Evidence& e) {
       e = Evidence();
       e.refused_calls = 7;
     },
     v1::OUTCOME_REFUSED, "refused all 7 calls"},
    {"RefusalIsNotJudgedByDisturbance",
     [](Evidence& e) {
       e.calls = 0;
       e.refused_calls = 1000;
       e.cpus[0].involuntary_switches = 5000;
     },
     v1::OUTCOME_REFUSED, "another wait policy"},
    {"WrongValueIsAViolation",
     [](Evidence& e) {
       e.violations = 3;
       e.first_violation = "the function ran twice for one call";
     },
     v1::OUTCOME_INVALID, "violation: 3 wrong values, the first: the function ran twice"},
    {"ViolationIsNamedBeforeAnythingElse",
     [](Evidence& e) {
       e.violations = 1;
       e.oversubscribed = true;
       e.lost_stamps = 1;
     },
     v1::OUTCOME_INVALID, "violation"},
    {"OversubscribedIsInvalid", [](Evidence& e) { e.oversubscribed = true; }, v1::OUTCOME_INVALID, "oversubscribed"},
    {"OverwrittenStampsAreInvalid", [](Evidence& e) { e.lost_stamps = 1; }, v1::OUTCOME_INVALID,
     "Lower the scenario's repeat counts"},
    {"CallsThatDoNotAddUpAreInvalid", [](Evidence& e) { e.broken_calls = 2; }, v1::OUTCOME_INVALID,
     "the stamps of 2 calls"},
    {"PartnerNotOnItsCpuIsInvalid", [](Evidence& e) { e.cpus[1].migrations = 1; }, v1::OUTCOME_INVALID,
     "CPU 1 (board CPU 5) was not on its CPU"},
    {"LostEntriesAreInvalid", [](Evidence& e) { e.cpus[1].seen_entries = 940; }, v1::OUTCOME_INVALID,
     "entered its handler 940 times for 1000 kicks"},
    {"FewMissingEntriesPass", [](Evidence& e) { e.cpus[1].seen_entries = 951; }, v1::OUTCOME_COMPLETED, ""},
    {"UncountedInterruptsAreInvalid", [](Evidence& e) { e.cpus[1].seen_interrupts = 12; }, v1::OUTCOME_INVALID,
     "the kernel counted 12 interrupts on CPU 1 (board CPU 5) for 1000 kicks"},
    {"UncountedInterruptsAreNotHeldAgainstAKernelThatDoesNotCount",
     [](Evidence& e) {
       e.cpus[1].seen_interrupts = 0;
       e.cpus[1].interrupts_known = false;
     },
     v1::OUTCOME_COMPLETED, ""},
    {"MoreInterruptsThanKicksPass", [](Evidence& e) { e.cpus[1].seen_interrupts = 5000; }, v1::OUTCOME_COMPLETED, ""},
    {"TwoMissingInterruptsOfTenPass",
     [](Evidence& e) {
       e.cpus[1].expected_interrupts = 10;
       e.cpus[1].seen_interrupts = 8;
     },
     v1::OUTCOME_COMPLETED, ""},
    {"ThreeMissingInterruptsOfTenDoNot",
     [](Evidence& e) {
       e.cpus[1].expected_interrupts = 10;
       e.cpus[1].seen_interrupts = 7;
     },
     v1::OUTCOME_INVALID, "ipi_missing"},
    {"SwitchesExplainMissingInterrupts",
     [](Evidence& e) {
       e.cpus[1].seen_interrupts = 900;
       e.cpus[1].involuntary_switches = 60;
     },
     v1::OUTCOME_COMPLETED, ""},
    {"SlowMedianWithManySwitchesIsDisturbed",
     [](Evidence& e) {
       e.cpus[1].involuntary_switches = 251;
       e.median_nanos = 4'000'000;
     },
     v1::OUTCOME_INVALID, "descheduled 251 times during 1000 calls"},
    {"SlowMedianWithFewSwitchesPasses",
     [](Evidence& e) {
       e.cpus[1].involuntary_switches = 250;
       e.median_nanos = 4'000'000;
     },
     v1::OUTCOME_COMPLETED, ""},
    {"FastMedianCannotContainSwitches", [](Evidence& e) { e.cpus[1].involuntary_switches = 5000; },
     v1::OUTCOME_COMPLETED, ""},
    {"SwitchesOfAShortTrialPass",
     [](Evidence& e) {
       e.calls = 10;
       e.median_nanos = 4'000'000;
       e.cpus[0].involuntary_switches = 16;
     },
     v1::OUTCOME_COMPLETED, ""},
    {"StolenTimeIsInvalid", [](Evidence& e) { e.steal_nanos = 210'000'000; }, v1::OUTCOME_INVALID,
     "the hypervisor took 10.5 %"},
    {"SomeStolenTimePasses", [](Evidence& e) { e.steal_nanos = 190'000'000; }, v1::OUTCOME_COMPLETED, ""},
    {"StealWithinTheKernelsResolutionPasses",
     [](Evidence& e) {
       e.elapsed_nanos = 1'000'000;
       e.steal_nanos = 40'000'000;
     },
     v1::OUTCOME_COMPLETED, ""},
};

class ValidityTest : public ::testing::TestWithParam<Case> {};

TEST_P(ValidityTest, Judges) {
  Evidence evidence = Quiet();
  GetParam().change(evidence);
  const Verdict verdict = Judge(evidence);
  EXPECT_EQ(verdict.outcome, GetParam().outcome) << verdict.reason;
  EXPECT_THAT(verdict.reason, HasSubstr(GetParam().reason));
  if (verdict.outcome == v1::OUTCOME_COMPLETED) {
    EXPECT_THAT(verdict.reason, IsEmpty());
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, ValidityTest, ::testing::ValuesIn(kCases),
                         [](const ::testing::TestParamInfo<Case>& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace crosscall::measure
