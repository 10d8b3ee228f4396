#include "controller/cli/sweep_yaml.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "proto/shared/validate.h"

namespace crosscall::cli {
namespace {

absl::StatusOr<std::string> ReadFake(const std::string& path) {
  static const std::map<std::string, std::string> kFiles = {
      {"lab/mine.yaml", "scenario: mine\ncpus: 3\nprograms:\n  0: [call 1 noop wait]\n"},
      {"/abs/other.yaml", "scenario: other\nprograms:\n  0: [call 1 noop wait]\n"},
      {"lab/broken.yaml", "scenario: [\n"},
      {"lab/nameless.yaml", "programs: {}\n"},
  };
  const auto found = kFiles.find(path);
  if (found == kFiles.end()) return absl::InvalidArgumentError("cannot use the file \"" + path + "\"");
  return found->second;
}

struct GoodCase {
  const char* name;
  const char* yaml;
  const char* spec;  // text format
};

void PrintTo(const GoodCase& test, std::ostream* out) { *out << test.name; }

class GoodSweep : public testing::TestWithParam<GoodCase> {};

TEST_P(GoodSweep, BecomesTheSpec) {
  const absl::StatusOr<v1::SweepSpec> spec = ParseSweep(GetParam().yaml, "lab/s.yaml", ReadFake);
  ASSERT_TRUE(spec.ok()) << spec.status();
  v1::SweepSpec wanted;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(GetParam().spec, &wanted));
  EXPECT_EQ(spec->DebugString(), wanted.DebugString());
  EXPECT_TRUE(shared::Validate(*spec).ok()) << shared::Validate(*spec);
}

INSTANTIATE_TEST_SUITE_P(
    Table, GoodSweep,
    testing::Values(
        GoodCase{"Smallest", "scenario: ring\nimplementation: '*'\n", "scenarios {id: 'ring'} implementations: '*'"},
        GoodCase{"Lists",
                 "scenarios: [ring, mesh]\nimplementations:\n  - generic_2008/*\n  - call_lock/spin/mask_all\n",
                 "scenarios {id: 'ring'} scenarios {id: 'mesh'} implementations: 'generic_2008/*' "
                 "implementations: 'call_lock/spin/mask_all'"},
        GoodCase{
            "AllScalars",
            "scenario: a\nimplementation: '*'\nrepetitions: 3\nseed: 18446744073709551615\ncalls: 100\n"
            "time: 1m30s\ndeadline: 200ms\nsweep_deadline: 2h\ntime_budget: 10m\noversubscribe: true\nstrict: yes\n"
            "no_realtime: on\nfresh_boot: true\n",
            "scenarios {id: 'a'} implementations: '*' repetitions: 3 seed: 18446744073709551615 call_limit: 100 "
            "trial_time {seconds: 90} trial_deadline {nanos: 200000000} sweep_deadline {seconds: 7200} "
            "time_budget {seconds: 600} oversubscribe: true strict: true no_realtime: true "
            "fresh_boot: true"},
        GoodCase{"Explorations",
                 "scenario: a\nimplementation: '*'\ntarget_system: explore\nmemory: sc\nmax_states: 1000\n",
                 "scenarios {id: 'a'} implementations: '*' target_systems: TARGET_SYSTEM_EXPLORE "
                 "explore {memory: MEMORY_MODEL_SC max_states: 1000}"},
        GoodCase{"BothTargetSystems",
                 "scenario: a\nimplementation: '*'\ntarget_systems: [signal, explore]\nmemory: weak\ncalls: 10\n",
                 "scenarios {id: 'a'} implementations: '*' target_systems: TARGET_SYSTEM_SIGNAL "
                 "target_systems: TARGET_SYSTEM_EXPLORE explore {memory: MEMORY_MODEL_WEAK} call_limit: 10"},
        GoodCase{"CpusAsOneList", "scenario: a\nimplementation: '*'\ncpus: [0, 1]\n",
                 "scenarios {id: 'a'} implementations: '*' cpu_lists {cpus: 0 cpus: 1}"},
        GoodCase{"CpusAsLists", "scenario: a\nimplementation: '*'\ncpus: [[0, 1], [3, 2]]\n",
                 "scenarios {id: 'a'} implementations: '*' cpu_lists {cpus: 0 cpus: 1} cpu_lists {cpus: 3 cpus: 2}"},
        GoodCase{"CpusAsRanges", "scenario: a\nimplementation: '*'\ncpus: ['0-2', '5,4']\n",
                 "scenarios {id: 'a'} implementations: '*' cpu_lists {cpus: 0 cpus: 1 cpus: 2} "
                 "cpu_lists {cpus: 5 cpus: 4}"},
        GoodCase{"CpusAsOneRange", "scenario: a\nimplementation: '*'\ncpus: 0-1\n",
                 "scenarios {id: 'a'} implementations: '*' cpu_lists {cpus: 0 cpus: 1}"},
        GoodCase{"CpusAsPairs", "scenario: a\nimplementation: '*'\ncpus: pairs\n",
                 "scenarios {id: 'a'} implementations: '*' all_cpu_pairs: true"},
        GoodCase{
            "StatesAndRates",
            "scenario: a\nimplementation: '*'\ntarget_states: [spin, sleep, syscall]\narrival_rates: [closed, 1e3]\n",
            "scenarios {id: 'a'} implementations: '*' target_states: TARGET_STATE_SPIN "
            "target_states: TARGET_STATE_SLEEP target_states: TARGET_STATE_SYSCALL arrival_rates_hz: 0 "
            "arrival_rates_hz: 1000"},
        GoodCase{"ParametersMultiply", "scenario: a\nimplementation: '*'\nparameters: {n: [1, 2], dst: [-3, 4]}\n",
                 "scenarios {id: 'a'} implementations: '*' "
                 "parameter_sets {parameters {id: 'n' value: 1} parameters {id: 'dst' value: -3}} "
                 "parameter_sets {parameters {id: 'n' value: 1} parameters {id: 'dst' value: 4}} "
                 "parameter_sets {parameters {id: 'n' value: 2} parameters {id: 'dst' value: -3}} "
                 "parameter_sets {parameters {id: 'n' value: 2} parameters {id: 'dst' value: 4}}"},
        GoodCase{"ParameterSetsAddUp", "scenario: a\nimplementation: '*'\nparameters: [{n: 1}, {n: 2, m: 3}]\n",
                 "scenarios {id: 'a'} implementations: '*' parameter_sets {parameters {id: 'n' value: 1}} "
                 "parameter_sets {parameters {id: 'n' value: 2} parameters {id: 'm' value: 3}}"},
        GoodCase{"BoardNames", "scenario: a\nimplementation: '*'\nboards: [a1, boards/a2]\n",
                 "scenarios {id: 'a'} implementations: '*' selector {boards: 'boards/a1' boards: 'boards/a2'}"},
        GoodCase{"BoardSelector",
                 "scenario: a\nimplementation: '*'\nboards: {labels: [soc=x, rack=3], any: 2, names: a1}\n",
                 "scenarios {id: 'a'} implementations: '*' selector {boards: 'boards/a1' labels: 'soc=x' "
                 "labels: 'rack=3' any_count: 2}"},
        GoodCase{"ScenarioFilesAreBesideTheSweep",
                 "scenarios:\n  - {file: mine.yaml}\n  - file: /abs/other.yaml\nimplementation: '*'\n",
                 "scenarios {id: 'mine' cpu_count: 3 "
                 "text: 'scenario: mine\\ncpus: 3\\nprograms:\\n  0: [call 1 noop wait]\\n'} "
                 "scenarios {id: 'other' text: 'scenario: other\\nprograms:\\n  0: [call 1 noop wait]\\n'} "
                 "implementations: '*'"},
        GoodCase{"InlineScenario",
                 "scenarios:\n  - text: |\n      scenario: tiny\n      cpus: 2\nimplementation: '*'\n",
                 "scenarios {id: 'tiny' text: 'scenario: tiny\\ncpus: 2\\n' cpu_count: 2} implementations: '*'"}),
    [](const testing::TestParamInfo<GoodCase>& test) { return std::string(test.param.name); });

struct BadCase {
  const char* name;
  const char* yaml;
  const char* error;  // the whole text
};

void PrintTo(const BadCase& test, std::ostream* out) { *out << test.name; }

class BadSweep : public testing::TestWithParam<BadCase> {};

TEST_P(BadSweep, IsRefusedWithItsPosition) {
  const absl::StatusOr<v1::SweepSpec> spec = ParseSweep(GetParam().yaml, "lab/s.yaml", ReadFake);
  EXPECT_EQ(spec.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(spec.status().message()), GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadSweep,
    testing::Values(
        BadCase{"Empty", "", "lab/s.yaml:1:1: the file has no content"},
        BadCase{"OnlyAComment", "# nothing\n", "lab/s.yaml:1:1: the file has no content"},
        BadCase{"NotYaml", "scenario: a\nimplementation: [x\n",
                "lab/s.yaml:3:1: not YAML: end of sequence flow not found"},
        BadCase{"TwoDocuments", "scenario: a\n---\nscenario: b\n",
                "lab/s.yaml:2:1: found a second document; allowed: one a file"},
        BadCase{"TextWithoutEndForTheParser", " ,- ", "lab/s.yaml:1:2: found a second document; allowed: one a file"},
        BadCase{"NoMap", "- a\n",
                "lab/s.yaml:1:1: found a list; allowed: a sweep, a map of scenarios, implementations, cpus, "
                "target_systems, memory, max_states, target_states, parameters, arrival_rates, repetitions, seed, "
                "calls, time, deadline, sweep_deadline, time_budget, "
                "boards, oversubscribe, strict, no_realtime, fresh_boot"},
        BadCase{"UnknownKey", "scenario: a\n  \nimplementaton: '*'\n",
                "lab/s.yaml:3:1: unknown key \"implementaton\" in a sweep; allowed: scenarios, implementations, cpus, "
                "target_systems, memory, max_states, target_states, parameters, arrival_rates, repetitions, seed, "
                "calls, time, deadline, sweep_deadline, time_budget, "
                "boards, oversubscribe, strict, no_realtime, fresh_boot"},
        BadCase{"DuplicateKey", "seed: 1\nscenario: a\nseed: 2\n",
                "lab/s.yaml:3:1: duplicate key \"seed\" in a sweep: first given in line 1; keep one"},
        BadCase{"DuplicateByAlias", "scenario: a\nscenarios: [b]\n",
                "lab/s.yaml:2:1: duplicate key \"scenarios\" in a sweep: first given in line 1; keep one"},
        BadCase{"NoScenarios", "implementation: '*'\n",
                "lab/s.yaml:1:1: the key \"scenarios\" is missing; a sweep needs it"},
        BadCase{"NoImplementations", "scenario: a\n",
                "lab/s.yaml:1:1: the key \"implementations\" is missing; a sweep needs it"},
        BadCase{"EmptyList", "scenario: []\nimplementation: '*'\n",
                "lab/s.yaml:1:11: found an empty list; allowed: scenario names, {file: path} or {text: ...}"},
        BadCase{"KeyWithoutAValue", "scenario: a\nimplementation: '*'\nseed:\n",
                "lab/s.yaml:3:1: the key \"seed\" has no value"},
        BadCase{"DeadlineZero", "scenario: a\nimplementation: '*'\ndeadline: 0s\n",
                "lab/s.yaml:3:11: found \"0s\"; allowed: a span with its unit, such as 200ms or 1m30s, from 1ms to 1h"},
        BadCase{"SpanWithoutUnit", "time: 5\n",
                "lab/s.yaml:1:7: found \"5\"; allowed: a span with its unit, such as 200ms or 1m30s, from 1ms to 24h"},
        BadCase{"RepetitionsZero", "repetitions: 0\n",
                "lab/s.yaml:1:14: found \"0\"; allowed: a whole number from 1 to 100000"},
        BadCase{"SeedNegative", "seed: -1\n",
                "lab/s.yaml:1:7: found \"-1\"; allowed: a whole number from 0 to 18446744073709551615"},
        BadCase{"UnknownState", "target_states: [spin, halt]\n",
                "lab/s.yaml:1:23: found \"halt\"; allowed: spin, sleep, syscall"},
        BadCase{"UnknownSystem", "target_system: kernel\n",
                "lab/s.yaml:1:16: found \"kernel\"; allowed: signal, explore"},
        BadCase{
            "UnknownMemory", "memory: tso\n",
            "lab/s.yaml:1:9: found \"tso\"; allowed: sc, weak; without it scenarios of up to 2 CPUs are searched in "
            "weak, larger ones in sc"},
        BadCase{"NoStates", "max_states: 0\n",
                "lab/s.yaml:1:13: found \"0\"; allowed: a whole number from 1 to 1000000000"},
        BadCase{"RateNegative", "arrival_rate: -5\n",
                "lab/s.yaml:1:15: found \"-5\"; allowed: calls a second up to 1e7, or \"closed\" for the closed loop"},
        BadCase{"CpuTwice", "cpus: [0, 1, 0]\n", "lab/s.yaml:1:7: CPU 0 is listed twice in \"0,1,0\"; list each once"},
        BadCase{"CpuNoNumber", "cpus: [[0, one]]\n",
                "lab/s.yaml:1:12: found \"one\"; allowed: board CPUs such as 0,1 or 0-3, each once, at most 1024 of 0 "
                "to 8191"},
        BadCase{
            "CpuRangeBackwards", "cpus: 3-1\n",
            "lab/s.yaml:1:7: found \"3-1\"; allowed: board CPUs such as 0,1 or 0-3, each once, at most 1024 of 0 to "
            "8191"},
        BadCase{
            "CpuRangeTooLong", "cpus: 0-5000\n",
            "lab/s.yaml:1:7: found \"0-5000\"; allowed: board CPUs such as 0,1 or 0-3, each once, at most 1024 of 0 "
            "to 8191"},
        BadCase{"ParameterNoNumber", "parameters:\n  n: [1, two]\n",
                "lab/s.yaml:2:10: found \"two\"; allowed: a whole number"},
        BadCase{"ParameterTwice", "parameters: {n: 1, n: 2}\n",
                "lab/s.yaml:1:20: duplicate key \"n\" in parameters and their values such as {n: 10, dst: [1, 2]}: "
                "first given in line 1; keep one"},
        BadCase{"BoardName", "boards: [A1]\n",
                "lab/s.yaml:1:10: found \"A1\"; allowed: a board's name, [a-z0-9-]{1,63}; `crosscallctl boards` lists "
                "them"},
        BadCase{"Label", "boards: {labels: [rack]}\n", "lab/s.yaml:1:19: found \"rack\"; allowed: key=value"},
        BadCase{"SelectorKey", "boards: {label: a=b, all: 1}\n",
                "lab/s.yaml:1:22: unknown key \"all\" in boards; allowed: names, labels, any"},
        BadCase{"Truth", "strict: maybe\n", "lab/s.yaml:1:9: found \"maybe\"; allowed: true or false"},
        BadCase{"MissingScenarioFile", "scenario: {file: gone.yaml}\n",
                "lab/s.yaml:1:18: cannot use the file \"lab/gone.yaml\""},
        BadCase{"BrokenScenarioFile", "scenario: {file: broken.yaml}\n",
                "lab/broken.yaml:2:1: not YAML: end of sequence flow not found"},
        BadCase{"NamelessScenario", "scenario: {file: nameless.yaml}\n",
                "lab/nameless.yaml: found no key `scenario`; a scenario begins with `scenario: its-id`"},
        BadCase{"FileAndText", "scenario: {file: a, text: b}\n",
                "lab/s.yaml:1:11: found not exactly one of: file, text; give one"}),
    [](const testing::TestParamInfo<BadCase>& test) { return std::string(test.param.name); });

TEST(ParseSweepTest, TooManyParameterCombinationsAreRefused) {
  std::string values = "0";
  for (int i = 1; i < 33; ++i) values += ", " + std::to_string(i);
  const absl::StatusOr<v1::SweepSpec> spec =
      ParseSweep("parameters: {a: [" + values + "], b: [" + values + "]}\n", "s.yaml", ReadFake);
  EXPECT_EQ(std::string(spec.status().message()),
            "s.yaml:1:13: the parameters make more than 1024 combinations; give fewer values, or split the sweep");
}

TEST(ParseSweepTest, LongScenarioTextIsRefused) {
  const std::string text = "scenario: long\nabout: " + std::string(shared::kMaxScenarioTextBytes, 'x') + "\n";
  const absl::StatusOr<v1::ScenarioRef> scenario = ScenarioFromText(text, "long.yaml");
  EXPECT_EQ(std::string(scenario.status().message()), "long.yaml: the scenario has 65559 bytes; allowed: 65536");
}

}  // namespace
}  // namespace crosscall::cli
