// What the modelled machine does to calls: faults, device interrupts, nested handlers, and how violations are worded.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/agent/explore/explorations.h"

namespace crosscall::explore {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr char kSingleCall[] = "programs:\n  0: [call 1 noop wait]\n  1: []\n";
constexpr char kMutualMasked[] =
    "programs:\n"
    "  0: [irq_off, call 1 noop wait, irq_on]\n"
    "  1: [irq_off, call 0 noop wait, irq_on]\n";

// What all implementations come to alike.
void ExpectOfAll(const v1::Scenario& scenario, Verdict verdict) {
  for (const core::Implementation& implementation : core::kImplementations) {
    const Exploration exploration = ExplorationOf(scenario, implementation);
    EXPECT_EQ(exploration.finding.verdict, verdict) << NameOf(implementation) << ": " << exploration.finding.reason;
  }
}

TEST(DropIpi, ACallWhoseIpiIsLostHangs) {
  const v1::Scenario scenario = NamelessScenario(absl::StrCat(kSingleCall, "faults: [{drop_ipi: {to: 1, nth: 1}}]\n"));
  ExpectOfAll(scenario, Verdict::kDeadlock);
  const Exploration exploration = ExplorationOf(scenario, "per_target/spin/mask_all");
  EXPECT_THAT(LinesOf(exploration.trace), Contains("0: IPI to CPU 1: lost or delayed"));
  EXPECT_THAT(WaitsOf(exploration.trace), ElementsAre("0 waits for completion of call to CPU 1"));
}

TEST(DropIpi, OnlyTheNthIsLost) {
  ExpectOfAll(NamelessScenario(absl::StrCat(kSingleCall, "faults: [{drop_ipi: {to: 1, nth: 2}}]\n")),
              Verdict::kCompletes);
  ExpectOfAll(NamelessScenario(absl::StrCat(kSingleCall, "faults: [{drop_ipi: {to: 0, nth: 1}}]\n")),
              Verdict::kCompletes);
  ExpectOfAll(NamelessScenario("programs:\n  0: [call 1 noop wait, call 1 noop wait]\n  1: []\n"
                               "faults: [{drop_ipi: {to: 1, nth: 2}}]\n"),
              Verdict::kDeadlock);
}

TEST(DelayIpi, ACallIsLateAndCompletes) {
  const v1::Scenario scenario =
      NamelessScenario(absl::StrCat(kSingleCall, "faults: [{delay_ipi: {to: 1, by: 200us}}]\n"));
  ExpectOfAll(scenario, Verdict::kCompletes);
}

TEST(DupIpi, RealImplementationsBearASpuriousInterrupt) {
  ExpectOfAll(NamelessScenario("programs:\n  0: [call 1 noop wait, call 1 noop nowait]\n  1: []\n"
                               "faults: [{dup_ipi: {to: 1, nth: 1}}]\n"),
              Verdict::kCompletes);
}

TEST(AllocFail, OnlyAnAllocatingCallThatMustNotWaitIsRefused) {
  const std::string nowait =
      "programs:\n  0: [irq_off, call 1 noop nowait, irq_on]\n  1: []\nfaults: [{alloc_fail: {cpu: 0, nth: 1}}]\n";
  EXPECT_EQ(ExplorationOf(NamelessScenario(nowait), "generic_2008/fail_fast/mask_all").finding.verdict,
            Verdict::kRefused);
  EXPECT_EQ(ExplorationOf(NamelessScenario(nowait), "generic_2008/spin/mask_all").finding.verdict, Verdict::kCompletes);
  EXPECT_EQ(ExplorationOf(NamelessScenario(nowait), "per_target/fail_fast/mask_all").finding.verdict,
            Verdict::kCompletes);
  const std::string second =
      "programs:\n  0: [irq_off, call 1 noop nowait, irq_on]\n  1: []\nfaults: [{alloc_fail: {cpu: 0, nth: 2}}]\n";
  EXPECT_EQ(ExplorationOf(NamelessScenario(second), "generic_2008/fail_fast/mask_all").finding.verdict,
            Verdict::kCompletes);
}

TEST(KickWindow, ChangesNoVerdictOfTwoMaskedCallers) {
  const v1::Scenario plain = NamelessScenario(kMutualMasked);
  const v1::Scenario window = NamelessScenario(absl::StrCat(kMutualMasked, "faults: [kick_window]\n"));
  u64 states_plain = 0;
  u64 states_window = 0;
  for (const core::Implementation& implementation : core::kImplementations) {
    const Exploration one = ExplorationOf(plain, implementation, In(MemoryModel::kSc));
    const Exploration other = ExplorationOf(window, implementation, In(MemoryModel::kSc));
    EXPECT_EQ(one.finding.verdict, other.finding.verdict) << NameOf(implementation);
    states_plain += one.finding.states;
    states_window += other.finding.states;
  }
  EXPECT_GT(states_window, states_plain) << "publish and kick are two steps";
}

TEST(Deschedule, IsWhatEveryInterleavingIsAnyway) {
  const v1::Scenario plain = NamelessScenario(kMutualMasked);
  const v1::Scenario descheduled =
      NamelessScenario(absl::StrCat(kMutualMasked, "faults: [{deschedule: {cpu: 1, for: 1ms, at: handler-entry}}]\n"));
  for (const char* const name : {"call_lock/spin/mask_all", "mailbox_grid/poll_everywhere/mask_all"}) {
    const Exploration one = ExplorationOf(plain, name);
    const Exploration other = ExplorationOf(descheduled, name);
    EXPECT_EQ(one.finding.verdict, other.finding.verdict);
    EXPECT_EQ(one.finding.states, other.finding.states);
    EXPECT_EQ(one.finding.schedule, other.finding.schedule);
  }
}

TEST(DeviceInterrupt, ComesWhereverTheMaskLetsItIn) {
  const std::string open =
      "functions:\n  f: [lock L, unlock L]\n"
      "programs:\n  0: [lock L, unlock L]\n"
      "interrupts:\n  - {cpu: 0, run: f, times: 1}\n";
  const Exploration hangs = ExplorationOf(NamelessScenario(open), "per_target/spin/mask_all");
  EXPECT_EQ(hangs.finding.verdict, Verdict::kDeadlock);
  EXPECT_THAT(LinesOf(hangs.trace), Contains("0: take device interrupt 0"));
  EXPECT_THAT(WaitsOf(hangs.trace), ElementsAre("0 waits for lock L held by CPU 0, masked"));
  const std::string masked =
      "functions:\n  f: [lock L, unlock L]\n"
      "programs:\n  0: [lock_irqsave L, unlock_irqrestore L]\n"
      "interrupts:\n  - {cpu: 0, run: f, times: 1}\n";
  EXPECT_EQ(ExplorationOf(NamelessScenario(masked), "per_target/spin/mask_all").finding.verdict, Verdict::kCompletes);
}

TEST(DeviceInterrupt, TheTraceTellsWhatTheInterruptedProgramHadDone) {
  const Exploration hangs = ExplorationOf(NamelessScenario("functions:\n  f: [lock L, unlock L]\n"
                                                           "programs:\n  0: [lock L, unlock L]\n"
                                                           "interrupts:\n  - {cpu: 0, run: f, times: 1}\n"),
                                          "per_target/spin/mask_all");
  EXPECT_THAT(LinesOf(hangs.trace), ElementsAre("0: lock L", "0: take device interrupt 0"));
}

TEST(DeviceInterrupt, IsOwedByNobody) {
  // CPU 0 could go on if the interrupt came that nobody owes: the call in its function kicks CPU 1.
  const Exploration exploration = ExplorationOf(
      NamelessScenario("functions:\n  f: [call 1 noop nowait]\n"
                       "programs:\n  0: [call 1 noop wait]\n  1: []\n"
                       "interrupts:\n  - {cpu: 0, run: f, times: 1}\nfaults: [{drop_ipi: {to: 1, nth: 1}}]\n"),
      "mailbox_grid/spin/mask_all");
  EXPECT_EQ(exploration.finding.verdict, Verdict::kDeadlock);
  EXPECT_THAT(LinesOf(exploration.trace), Not(Contains(HasSubstr("device"))));
}

TEST(DeviceInterrupt, InTheKickWindowComesNowhereElse) {
  const std::string calls =
      "functions:\n  f: [lock L, unlock L]\nprograms:\n  0: [lock L, unlock L, call 1 noop wait]\n  1: []\n";
  const Exploration anywhere = ExplorationOf(NamelessScenario(calls + "interrupts:\n  - {cpu: 0, run: f, times: 1}\n"),
                                             "per_target/spin/mask_all");
  EXPECT_EQ(anywhere.finding.verdict, Verdict::kDeadlock);
  const Exploration in_window =
      ExplorationOf(NamelessScenario(calls + "interrupts:\n  - {cpu: 0, run: f, times: 1, at: queued-not-kicked}\n"),
                    "per_target/spin/mask_all");
  EXPECT_EQ(in_window.finding.verdict, Verdict::kCompletes) << in_window.finding.reason;
  const Exploration held_there =
      ExplorationOf(NamelessScenario("functions:\n  f: [lock L, unlock L]\n"
                                     "programs:\n  0: [lock L, call 1 noop wait, unlock L]\n  1: []\n"
                                     "interrupts:\n  - {cpu: 0, run: f, times: 1, at: queued-not-kicked}\n"),
                    "per_target/spin/mask_all");
  EXPECT_EQ(held_there.finding.verdict, Verdict::kDeadlock) << "and it does come there";
  EXPECT_THAT(LinesOf(held_there.trace), Contains("0: take device interrupt 0"));
}

TEST(NestedCall, FromAFunctionCompletesWhereTheCalledCpuTakesIt) {
  const std::string nested = "functions:\n  back: [call 0 noop wait]\nprograms:\n  0: [call 1 back wait]\n  1: []\n";
  for (const char* const name : {"generic_2008/spin/mask_all", "percpu_record/spin/mask_all",
                                 "per_target/spin/mask_all", "mailbox_grid/spin/mask_all"}) {
    EXPECT_EQ(ExplorationOf(NamelessScenario(nested), name).finding.verdict, Verdict::kCompletes) << name;
  }
  const Exploration held = ExplorationOf(NamelessScenario(nested), "call_lock/spin/mask_all");
  EXPECT_EQ(held.finding.verdict, Verdict::kDeadlock);
  EXPECT_THAT(WaitsOf(held.trace), ElementsAre("0 waits for completion of call to CPU 1",
                                               "1 waits for the call lock held by CPU 0, masked"));
}

TEST(Refusal, OfEveryExecutionIsAVerdictAndOfSomeIsARemark) {
  const Exploration always = ExplorationOf(NamelessScenario(kMutualMasked), "per_target/fail_fast/mask_all");
  EXPECT_EQ(always.finding.verdict, Verdict::kRefused);
  EXPECT_EQ(always.finding.reason, "");
  EXPECT_THAT(always.finding.schedule, IsEmpty());
  const Exploration sometimes = ExplorationOf(
      NamelessScenario("programs:\n  0: [irq_off, call 1 noop nowait, call 1 noop nowait, irq_on]\n  1: []\n"),
      "per_target/fail_fast/mask_all");
  EXPECT_EQ(sometimes.finding.verdict, Verdict::kCompletes);
  EXPECT_EQ(sometimes.finding.reason, "calls are refused in some executions");
}

// A machine whose doorbell overtakes the stores before it breaks O2: the handler finds nothing, and nobody comes again.
TEST(PortIpiOvertakes, IsConvictedInWeakMemory) {
  ExploreOptions overtaking = In(MemoryModel::kWeak);
  overtaking.ordered_ipis = false;
  const v1::Scenario scenario = NamelessScenario(kSingleCall);
  for (const char* const algorithm :
       {"call_lock", "generic_2008", "percpu_record", "mailbox_grid", "server_loop", "rendezvous"}) {
    const std::string name = absl::StrCat(algorithm, "/spin/mask_all");
    const Exploration overtaken = ExplorationOf(scenario, name, overtaking);
    EXPECT_EQ(overtaken.finding.verdict, Verdict::kDeadlock) << name << ": " << overtaken.finding.reason;
    EXPECT_THAT(LinesOf(overtaken.trace), Contains("1: take IPI")) << name;
    EXPECT_THAT(LinesOf(overtaken.trace), Contains("1: nothing in the queue")) << name;
    EXPECT_THAT(WaitsOf(overtaken.trace), ElementsAre("0 waits for completion of call to CPU 1")) << name;
    EXPECT_EQ(ExplorationOf(scenario, name, In(MemoryModel::kWeak)).finding.verdict, Verdict::kCompletes) << name;
  }
}

// Here both push and take are read-modify-writes of one word, and such a one reads the last store there is.
TEST(PortIpiOvertakes, ShowsNothingWhereTheQueueIsTakenByAReadModifyWrite) {
  ExploreOptions overtaking = In(MemoryModel::kWeak);
  overtaking.ordered_ipis = false;
  const Exploration exploration = ExplorationOf(NamelessScenario(kSingleCall), "per_target/spin/mask_all", overtaking);
  EXPECT_EQ(exploration.finding.verdict, Verdict::kCompletes);
}

TEST(PortIpiOvertakes, IsInvisibleToInterleavings) {
  ExploreOptions overtaking = In(MemoryModel::kSc);
  overtaking.ordered_ipis = false;
  for (const core::Implementation& implementation : core::kImplementations) {
    EXPECT_EQ(ExplorationOf(NamelessScenario(kSingleCall), implementation, overtaking).finding.verdict,
              Verdict::kCompletes)
        << NameOf(implementation);
  }
}

}  // namespace
}  // namespace crosscall::explore
