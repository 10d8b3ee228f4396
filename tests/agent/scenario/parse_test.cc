#include "agent/scenario/parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace crosscall::scenario {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kWhole[] = R"(scenario: everything
about: One of each.
cpus: 4
locks: [L]
params: {n: 3, dst: 1, pause: 250}
functions:
  f: [work 300ns, lock L, unlock L]
programs:
  0:
    - irq_off
    - irq_on
    - lock_irqsave M
    - unlock_irqrestore M
    - call $dst f wait
    - "call 1,3 noop nowait"
    - call 1-$n f wait
    - run_on all f nowait
    - call_async 2 f
    - wait_all
    - work $pause
    - idle 10us
    - barrier meet
    - {repeat: $n, do: [work 1ms, {repeat: 2, do: [call others f wait]}]}
    - call self noop wait
  $dst: [barrier meet, offline, online]
interrupts:
  - {cpu: 1, run: f, times: $n}
  - {cpu: 0, run: noop, times: 1, at: queued-not-kicked}
faults:
  - {drop_ipi: {to: 1, nth: 1}}
  - {dup_ipi: {to: 1, nth: 2}}
  - {delay_ipi: {to: 1, by: 200us}}
  - {deschedule: {cpu: 1, for: 1s, at: handler-entry}}
  - {alloc_fail: {cpu: 0, nth: 1}}
  - {mutate_mask: {cpu: 0}}
expect:
  generic_2008/spin/mask_all: deadlock
  "*/open_window/*": completes
  generic_2008.fn_first/spin/mask_all: violation
)";

std::string ErrorOf(const std::string& text, const Overrides& overrides = {}) {
  const auto scenario = ParseScenario(text, "s.yaml", overrides);
  if (scenario.ok()) return "accepted";
  EXPECT_EQ(scenario.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(scenario.status().message());
}

// A scenario around one operation of CPU 0, which stands in line 2 from column 14 on.
std::string WithOperation(const std::string& operation) {
  return absl::StrCat("scenario: s\nprograms: {0: [", operation, "], 1: []}\n");
}

TEST(ParseScenarioTest, EveryFormOfTheLanguageIsRead) {
  const auto scenario = ParseScenario(kWhole, "s.yaml");
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  EXPECT_EQ(scenario->id(), "everything");
  EXPECT_EQ(scenario->about(), "One of each.");
  EXPECT_EQ(scenario->cpu_count(), 4u);
  EXPECT_THAT(scenario->locks(), ElementsAre("L", "M"));
  EXPECT_EQ(scenario->parameters_size(), 3);
  ASSERT_EQ(scenario->programs_size(), 2);
  const auto& body = scenario->programs(0).body();
  ASSERT_EQ(body.size(), 15);
  EXPECT_EQ(body[4].kind(), v1::Operation::KIND_CALL_WAIT);
  EXPECT_THAT(body[4].targets().cpus(), ElementsAre(1));
  EXPECT_EQ(body[4].line(), 14u);
  EXPECT_EQ(body[5].kind(), v1::Operation::KIND_CALL_NOWAIT);
  EXPECT_THAT(body[5].targets().cpus(), ElementsAre(1, 3));
  EXPECT_THAT(body[6].targets().cpus(), ElementsAre(1, 2, 3));
  EXPECT_EQ(body[7].kind(), v1::Operation::KIND_RUN_ON_NOWAIT);
  EXPECT_EQ(body[7].targets().kind(), v1::Targets::KIND_ALL);
  EXPECT_EQ(body[8].kind(), v1::Operation::KIND_CALL_ASYNC);
  EXPECT_EQ(body[10].duration_nanos(), 250u);
  EXPECT_EQ(body[11].duration_nanos(), 10'000u);
  EXPECT_EQ(body[13].count(), 3u);
  EXPECT_EQ(body[13].body(1).body(0).targets().kind(), v1::Targets::KIND_OTHERS);
  EXPECT_EQ(scenario->programs(1).cpu(), 1u);
  EXPECT_EQ(scenario->interrupts(0).times(), 3u);
  EXPECT_EQ(scenario->interrupts(1).point(), v1::DeviceInterrupt::POINT_QUEUED_NOT_KICKED);
  EXPECT_EQ(scenario->faults(2).duration_nanos(), 200'000u);
  EXPECT_EQ(scenario->faults(3).point(), v1::Fault::POINT_HANDLER_ENTRY);
  EXPECT_EQ(scenario->expectations_size(), 3);
}

TEST(ParseScenarioTest, InterruptInTheKickWindowImpliesTheWindow) {
  const auto scenario = ParseScenario(kWhole, "s.yaml");
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  ASSERT_EQ(scenario->faults_size(), 7);
  EXPECT_EQ(scenario->faults(6).kind(), v1::Fault::KIND_KICK_WINDOW);
}

TEST(ParseScenarioTest, KickWindowMayBeAWordOrAMap) {
  for (const char* form : {"kick_window", "{kick_window: {}}", "{kick_window: }"}) {
    const auto scenario =
        ParseScenario(absl::StrCat("scenario: s\nprograms: {0: []}\nfaults: [", form, "]\n"), "s.yaml");
    ASSERT_TRUE(scenario.ok()) << form << ": " << scenario.status();
    EXPECT_EQ(scenario->faults(0).kind(), v1::Fault::KIND_KICK_WINDOW);
  }
}

TEST(ParseScenarioTest, NumberOfCpusIsOneMoreThanTheHighestNamed) {
  const auto named = [](const char* text) { return ParseScenario(text, "s.yaml")->cpu_count(); };
  EXPECT_EQ(named("scenario: s\nprograms: {0: []}\n"), 1u);
  EXPECT_EQ(named("scenario: s\nprograms: {0: [call 5 noop wait]}\n"), 6u);
  EXPECT_EQ(named("scenario: s\nfunctions: {f: [call 7 noop wait]}\nprograms: {0: []}\n"), 8u);
  EXPECT_EQ(named("scenario: s\nprograms: {0: []}\nfaults: [{mutate_mask: {cpu: 3}}]\n"), 4u);
}

TEST(ParseScenarioTest, OverridesReplaceDefaults) {
  const std::string text = "scenario: s\nparams: {n: 2, cpus: 2}\ncpus: $cpus\nprograms: {0: [{repeat: $n, do: []}]}\n";
  const auto scenario = ParseScenario(text, "s.yaml", {{"n", 9}, {"cpus", 5}});
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  EXPECT_EQ(scenario->cpu_count(), 5u);
  EXPECT_EQ(scenario->programs(0).body(0).count(), 9u);
  EXPECT_EQ(scenario->parameters(0).value(), 9);
  EXPECT_EQ(ErrorOf(text, {{"m", 1}}), "s.yaml:2:9: found a value for the parameter 'm'; allowed cpus, n");
  EXPECT_EQ(ErrorOf(text, {{"n", -1}}),
            "s.yaml:4:25: found '$n' = -1; allowed a number of iterations from 1 to 1000000000");
}

TEST(ParseScenarioTest, RecursionOverOtherCpusIsAllowed) {
  EXPECT_EQ(ErrorOf("scenario: s\nfunctions: {f: [call others f nowait]}\nprograms: {0: [call 1 f wait]}\n"),
            "accepted");
}

TEST(ParseScenarioTest, UnlockInAFunctionIsLeftToTheRun) {
  EXPECT_EQ(ErrorOf("scenario: s\nfunctions: {f: [unlock L]}\nprograms: {0: [lock L, call self f wait]}\n"),
            "accepted");
  EXPECT_EQ(ErrorOf("scenario: s\nfunctions: {f: [lock L]}\nprograms: {0: [call self f wait, unlock L]}\n"),
            "accepted");
}

struct Malformed {
  const char* name;
  const char* text;
  const char* error;
};

std::string NameOfCase(const ::testing::TestParamInfo<Malformed>& tested) { return tested.param.name; }

class MalformedTest : public ::testing::TestWithParam<Malformed> {};

TEST_P(MalformedTest, ErrorNamesPositionAndWhatIsAllowed) { EXPECT_EQ(ErrorOf(GetParam().text), GetParam().error); }

INSTANTIATE_TEST_SUITE_P(
    Form, MalformedTest,
    ::testing::Values(
        Malformed{"Empty", "", "s.yaml:1:1: found an empty text; allowed a scenario in YAML"},
        Malformed{"NoMap", "[1]",
                  "s.yaml:1:1: found a sequence; allowed a map with the keys scenario, about, cpus, locks, params, "
                  "functions, programs, interrupts, faults, expect"},
        Malformed{"UnknownKey", "scenario: s\nprogram: {0: []}\n",
                  "s.yaml:2:1: found the key 'program'; allowed scenario, about, cpus, locks, params, functions, "
                  "programs, interrupts, faults, expect"},
        Malformed{"DuplicateKey", "scenario: s\nprograms: {0: [], 1: [], 0: []}\n",
                  "s.yaml:2:26: found the key '0' a second time; allowed each key once"},
        Malformed{"DuplicateTopKey", "scenario: s\nscenario: t\n",
                  "s.yaml:2:1: found the key 'scenario' a second time; allowed each key once"},
        Malformed{"NoScenario", "programs: {0: []}\n",
                  "s.yaml:1:1: found a map without scenario; allowed one with scenario: ID"},
        Malformed{"BadId", "scenario: My_Scenario\nprograms: {0: []}\n",
                  "s.yaml:1:11: found 'My_Scenario'; allowed a scenario id, 1 to 63 of a-z, 0-9 and -"},
        Malformed{"NoPrograms", "scenario: s\n",
                  "s.yaml:1:1: found a map without programs; allowed one with programs: {CPU: [...]}"},
        Malformed{"NoProgram", "scenario: s\nprograms: {}\n",
                  "s.yaml:2:11: found a map; allowed a map from CPUs to operations"},
        Malformed{"ProgramKey", "scenario: s\nprograms: {zero: []}\n",
                  "s.yaml:2:12: found 'zero'; allowed a CPU from 0 to 1023"},
        Malformed{"TooManyCpus", "scenario: s\nprograms: {1024: []}\n",
                  "s.yaml:2:12: found '1024'; allowed a CPU from 0 to 1023"},
        Malformed{"CpusZero", "scenario: s\ncpus: 0\nprograms: {0: []}\n",
                  "s.yaml:2:7: found '0'; allowed a number of CPUs from 1 to 1024"},
        Malformed{"LockTwice", "scenario: s\nlocks: [L, L]\nprograms: {0: []}\n",
                  "s.yaml:2:12: found the lock 'L' a second time; allowed each lock once"},
        Malformed{"Parameter", "scenario: s\nparams: {n: many}\nprograms: {0: []}\n",
                  "s.yaml:2:13: found 'many'; allowed a whole number; a span is given in nanoseconds"},
        Malformed{"ParameterName", "scenario: s\nparams: {2n: 1}\nprograms: {0: []}\n",
                  "s.yaml:2:10: found '2n'; allowed a parameter name, a letter or _, then up to 31 letters, digits or "
                  "_"},
        Malformed{"FunctionNamedNoop", "scenario: s\nfunctions: {noop: []}\nprograms: {0: []}\n",
                  "s.yaml:2:13: found a function named noop; allowed another name; noop exists always"},
        Malformed{"BodyNoSequence", "scenario: s\nprograms: {0: irq_off}\n",
                  "s.yaml:2:15: found 'irq_off'; allowed a sequence of operations, as [lock L, call 1 f wait, unlock "
                  "L]"},
        Malformed{"Alias", "scenario: &a s\nprograms: {0: []}\n",
                  "s.yaml:1:11: found an anchor; allowed values written out; YAML anchors are not used here"},
        Malformed{"Tag", "scenario: !!str s\nprograms: {0: []}\n",
                  "s.yaml:1:11: found the tag 'tag:yaml.org,2002:str'; allowed plain values without YAML tags"},
        Malformed{"TwoDocuments", "scenario: s\n---\nscenario: t\n",
                  "s.yaml:2:1: found a second document; allowed one scenario a file"}),
    NameOfCase);

INSTANTIATE_TEST_SUITE_P(
    Conditions, MalformedTest,
    ::testing::Values(
        Malformed{"InterruptKey", "scenario: s\nprograms: {0: []}\ninterrupts:\n  - {cpu: 0, fn: noop, times: 1}\n",
                  "s.yaml:4:14: found the key 'fn'; allowed cpu, run, times, at"},
        Malformed{"InterruptWithoutTimes", "scenario: s\nprograms: {0: []}\ninterrupts:\n  - {cpu: 0, run: noop}\n",
                  "s.yaml:4:5: found a map without times; allowed one with times"},
        Malformed{"InterruptFunction", "scenario: s\nprograms: {0: []}\ninterrupts:\n  - {cpu: 0, run: f, times: 1}\n",
                  "s.yaml:4:5: found the function 'f'; allowed noop, since functions defines none"},
        Malformed{"InterruptPoint",
                  "scenario: s\nprograms: {0: []}\ninterrupts:\n  - {cpu: 0, run: noop, times: 1, at: once}\n",
                  "s.yaml:4:39: found 'once'; allowed queued-not-kicked"},
        Malformed{
            "UnknownFault", "scenario: s\nprograms: {0: []}\nfaults: [lose_ipi]\n",
            "s.yaml:3:10: found 'lose_ipi'; allowed kick_window, {drop_ipi: {to, nth}}, {dup_ipi: {to, nth}}, "
            "{delay_ipi: {to, by}}, {deschedule: {cpu, for, at}}, {alloc_fail: {cpu, nth}}, {mutate_mask: {cpu}}"},
        Malformed{"FaultNth", "scenario: s\nprograms: {0: []}\nfaults: [{drop_ipi: {to: 0, nth: 0}}]\n",
                  "s.yaml:3:34: found '0'; allowed a number from 1 to 1000000000"},
        Malformed{"FaultSpan", "scenario: s\nprograms: {0: []}\nfaults: [{delay_ipi: {to: 0, by: 5}}]\n",
                  "s.yaml:3:34: found '5'; allowed a span from 1ns to 60s, as 300ns, 20us, 5ms or 1s"},
        Malformed{"FaultPoint",
                  "scenario: s\nprograms: {0: []}\nfaults: [{deschedule: {cpu: 0, for: 1ms, at: exit}}]\n",
                  "s.yaml:3:46: found 'exit'; allowed handler-entry or queued-not-kicked"},
        Malformed{"FaultCpu", "scenario: s\ncpus: 2\nprograms: {0: []}\nfaults: [{mutate_mask: {cpu: 2}}]\n",
                  "s.yaml:4:10: found CPU 2; allowed CPUs 0 to 1, since 2 take part"},
        Malformed{"Verdict", "scenario: s\nprograms: {0: []}\nexpect: {call_lock/spin/mask_all: hangs}\n",
                  "s.yaml:3:10: found the verdict 'hangs'; allowed completes, deadlock, livelock, violation, refused"},
        Malformed{"Implementation", "scenario: s\nprograms: {0: []}\nexpect: {call_lock/spin: completes}\n",
                  "s.yaml:3:10: found the implementation 'call_lock/spin'; allowed algorithm/policy/irq_model, each "
                  "part may be *: call_lock generic_2008 percpu_record per_target server_loop rendezvous mailbox_grid "
                  "/ spin poll_completion poll_everywhere open_window fail_fast / mask_all ipi_open"}),
    NameOfCase);

struct BadOperation {
  const char* operation;
  const char* error;  // from the column on
};

class BadOperationTest : public ::testing::TestWithParam<BadOperation> {};

TEST_P(BadOperationTest, ErrorPointsAtTheWord) {
  EXPECT_THAT(ErrorOf(WithOperation(GetParam().operation)), StartsWith(absl::StrCat("s.yaml:2:", GetParam().error)));
}

INSTANTIATE_TEST_SUITE_P(
    Words, BadOperationTest,
    ::testing::Values(
        BadOperation{"jump", "16: found 'jump'; allowed an operation: irq_off, irq_on, lock,"},
        BadOperation{"[]", "16: found a sequence; allowed an operation: "},
        BadOperation{"lock", "16: found 'lock'; allowed lock NAME"},
        BadOperation{"lock 9L", "21: found '9L'; allowed the name of a lock, a letter or _"},
        BadOperation{"irq_off now", "16: found 'irq_off now'; allowed irq_off"},
        BadOperation{"call 1 noop", "16: found 'call 1 noop'; allowed call TARGETS FUNCTION wait|nowait"},
        BadOperation{"call 1,0 noop wait",
                     "16: found 'call 1'; allowed call TARGETS FUNCTION wait|nowait; inside [...] a text with a comma "
                     "stands in quotes"},
        BadOperation{"call 1 noop later", "28: found 'later'; allowed wait or nowait"},
        BadOperation{"call 1 f wait", "16: found the function 'f'; allowed noop, since functions defines none"},
        BadOperation{"call one noop wait",
                     "21: found 'one'; allowed 1 or 1,3 or 1-3 or others or all or self or $name"},
        BadOperation{"call 3-1 noop wait", "21: found '3-1'; allowed a range whose first CPU is not above its last"},
        BadOperation{"\"call 1,1 noop wait\"", "24: found CPU 1 a second time; allowed each CPU once"},
        BadOperation{"\"call 1, noop wait\"", "24: found ''; allowed 1 or 1,3 or"},
        BadOperation{"call 1-x noop wait", "23: found 'x'; allowed a CPU from 0 to 1023"},
        BadOperation{"call $d noop wait", "21: found '$d'; allowed no parameter, since none is declared under params"},
        BadOperation{"call_async others noop", "27: found 'others'; allowed a CPU from 0 to 1023"},
        BadOperation{"work 5", "21: found '5'; allowed a span from 1ns to 60s, as 300ns, 20us, 5ms or 1s"},
        BadOperation{"work 0ns", "21: found '0ns'; allowed a span"},
        BadOperation{"work 61s", "21: found '61s'; allowed a span"},
        BadOperation{"work 1.5us", "21: found '1.5us'; allowed a span"},
        BadOperation{"work 99999999999999999999ns", "21: found '99999999999999999999ns'; allowed a span"},
        BadOperation{"{repeat: 2}", "16: found a map without do; allowed {repeat: N, do: [...]}"},
        BadOperation{"{do: []}", "16: found a map without repeat; allowed {repeat: N, do: [...]}"},
        BadOperation{"{repeat: 2, until: 3, do: []}", "28: found 'until'; allowed the keys repeat and do"},
        BadOperation{"{repeat: 0, do: []}", "25: found '0'; allowed a number of iterations from 1 to 1000000000"},
        BadOperation{"{repeat: -1, do: []}", "25: found '-1'; allowed a number of iterations from 1"}));

INSTANTIATE_TEST_SUITE_P(
    Rules, BadOperationTest,
    ::testing::Values(
        BadOperation{"unlock L", "16: found unlock of L, which is not held here; allowed only after lock L or "},
        BadOperation{"lock L, unlock L, unlock L", "34: found unlock of L, which is not held here"},
        BadOperation{"lock L, {repeat: 2, do: [unlock L]}", "41: found unlock of L, which is not held here"},
        BadOperation{"lock L, unlock_irqrestore L",
                     "24: found unlock_irqrestore of L, which lock took; allowed unlock"},
        BadOperation{"online", "16: found online of a CPU that is online here; allowed online after offline"},
        BadOperation{"offline, offline", "25: found offline of a CPU that is offline here; allowed offline after"},
        BadOperation{"barrier B], 2: [barrier B, barrier B",
                     "32: found CPU 2 at barrier B 2 times a round, CPU 0 1 times; allowed every program that names"}));

INSTANTIATE_TEST_SUITE_P(
    Functions, MalformedTest,
    ::testing::Values(
        Malformed{"IrqOn", "scenario: s\nfunctions: {f: [irq_on]}\nprograms: {0: []}\n",
                  "s.yaml:2:17: found irq_on in a function; allowed irq_on, barrier, offline, online and idle in "
                  "programs only: a function runs as an interrupt handler does"},
        Malformed{"BarrierInRepeat",
                  "scenario: s\nfunctions:\n  f:\n    - {repeat: 2, do: [barrier B]}\nprograms: {0: []}\n",
                  "s.yaml:4:24: found barrier in a function; allowed irq_on, barrier, offline, online and idle in "
                  "programs only: a function runs as an interrupt handler does"},
        Malformed{"SelfWithoutEnd",
                  "scenario: s\nfunctions: {f: [call self g wait], g: [run_on all f wait]}\nprograms: {0: []}\n",
                  "s.yaml:2:40: found the function f running itself on its own CPU without end; allowed a function "
                  "that calls other CPUs, or another function"}),
    NameOfCase);

TEST(ParseLimitsTest, LongTextsAreRefused) {
  EXPECT_EQ(ErrorOf(std::string(kMaxTextBytes + 1, '#')),
            "s.yaml:1:1: found a text of 65537 bytes; allowed at most 65536");
}

TEST(ParseLimitsTest, DeepNestingIsRefused) {
  std::string deep = "x";
  for (int i = 0; i < 10'000; ++i) deep = absl::StrCat("[", deep);
  EXPECT_THAT(ErrorOf(absl::StrCat("scenario: ", deep)), HasSubstr("nesting deeper than 32"));
}

TEST(ParseLimitsTest, RepeatsNestEightDeep) {
  std::string body = "irq_off";
  for (int i = 0; i < 8; ++i) body = absl::StrCat("{repeat: 2, do: [", body, "]}");
  EXPECT_EQ(ErrorOf(WithOperation(body)), "accepted");
  body = absl::StrCat("{repeat: 2, do: [", body, "]}");
  EXPECT_THAT(ErrorOf(WithOperation(body)), HasSubstr("found a repeat inside 8 others; allowed repeats nested 8 deep"));
}

TEST(ParseLimitsTest, LongBodiesAreRefused) {
  std::string body;
  for (int i = 0; i < 4097; ++i) absl::StrAppend(&body, i == 0 ? "" : ",", "irq_off");
  EXPECT_THAT(ErrorOf(WithOperation(body)), HasSubstr("found 4097 operations; allowed at most 4096 in one body"));
}

TEST(ParseLimitsTest, TextThatIsNotYamlIsAnErrorAndNoException) {
  EXPECT_THAT(ErrorOf("scenario: [s\n"), HasSubstr("found text that is not YAML ("));
  EXPECT_THAT(ErrorOf("expect: {*/spin/mask_all: completes}\n"), HasSubstr("stands in quotes"));
  EXPECT_THAT(ErrorOf(std::string("scen\0ario: \x01\xff", 13)), StartsWith("s.yaml:"));
}

}  // namespace
}  // namespace crosscall::scenario
