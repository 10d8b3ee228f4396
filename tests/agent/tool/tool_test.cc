// The stand-alone tool from its words to its output and exit code, with real workers.
#include "agent/tool/tool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "agent/core/implementation.h"
#include "agent/tool/result_json.h"
#include "agent/tool/result_table.h"
#include "proto/shared/histogram.h"
#include "proto/shared/histogram_proto.h"
#include "tests/agent/tool/tool_outcome.h"

namespace crosscall::tool {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

using Outcome = ToolOutcome;

Outcome Tool(const std::vector<std::string>& arguments) { return RunToolFor(arguments, CROSSCALL_WORKER); }

// A scenario that runs on any machine: one CPU.
class ToolRunTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = ::testing::TempDir() + "tool-test-XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Scenario(const std::string& programs) {
    const std::string path = folder_ + "/mine.yaml";
    std::ofstream(path) << "scenario: mine\nabout: test\ncpus: 1\nparams: {n: 3}\nprograms:\n" << programs;
    return path;
  }

  std::string folder_;
};

TEST(ToolTest, HelpNamesTheCommandsThereAreAndNoOthers) {
  const Outcome outcome = Tool({"--help"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("list"), HasSubstr("run"), HasSubstr("explore"), Not(HasSubstr("probe "))));
  EXPECT_THAT(Tool({"run", "--help"}).out, AllOf(HasSubstr("Exit status"), HasSubstr("--deadline")));
}

TEST(ToolTest, BadUseIsTwoAndSaysWhy) {
  EXPECT_EQ(Tool({}).exit_code, kExitBadUse);
  EXPECT_EQ(Tool({"probe", "module"}).exit_code, kExitBadUse);
  EXPECT_EQ(Tool({"run"}).exit_code, kExitBadUse);
  EXPECT_EQ(Tool({"run", "single-call", "--bogus"}).exit_code, kExitBadUse);
  EXPECT_EQ(Tool({"list", "nothing"}).exit_code, kExitBadUse);
  EXPECT_EQ(Tool({"run", "single-call", "--calls", "0"}).exit_code, kExitBadUse);
  EXPECT_EQ(Tool({"run", "single-call", "--calls", "5", "--time", "1s"}).exit_code, kExitBadUse);
}

struct BadUse {
  const char* name;
  std::vector<std::string> arguments;
  const char* text;
};

class ToolBadUseTest : public ::testing::TestWithParam<BadUse> {};

TEST_P(ToolBadUseTest, IsTwoWithAMessageAndNoOutput) {
  const Outcome outcome = Tool(GetParam().arguments);
  EXPECT_EQ(outcome.exit_code, kExitBadUse);
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_THAT(outcome.err, AllOf(StartsWith("crosscall: "), HasSubstr(GetParam().text)));
}

INSTANTIATE_TEST_SUITE_P(
    Cases, ToolBadUseTest,
    ::testing::Values(BadUse{"UnknownScenario", {"run", "no-such", "--json"}, "single-call"},
                      BadUse{"MissingFile", {"run", "no/such.yaml", "--json"}, "no/such.yaml"},
                      BadUse{
                          "UnknownImplementation", {"run", "single-call", "--implementation", "magic/*"}, "per_target"},
                      BadUse{"BadTime", {"run", "single-call", "--time", "soon"}, "--time"},
                      BadUse{"DeadlineZero", {"run", "single-call", "--deadline", "0s"}, "--deadline"},
                      BadUse{"DeadlineTooShort", {"run", "single-call", "--deadline", "1us"}, "deadline"},
                      BadUse{"BadTargetState", {"run", "single-call", "--target-state", "asleep"}, "spin"},
                      BadUse{"BadCpus", {"run", "single-call", "--cpus", "0,x"}, "0-3"},
                      BadUse{"BackwardCpus", {"run", "single-call", "--cpus", "3-1"}, "--cpus"},
                      BadUse{"CpuTwice", {"run", "single-call", "--cpus", "1,1"}, "twice"},
                      BadUse{"BadParameter", {"run", "single-call", "--param", "n"}, "NAME=INTEGER"},
                      BadUse{"UnknownParameter", {"run", "single-call", "--param", "nope=1"}, "nope"},
                      BadUse{"BadRate", {"run", "single-call", "--rate", "-1"}, "arrival_rate_hz"}),
    [](const ::testing::TestParamInfo<BadUse>& test) { return std::string(test.param.name); });

TEST(ToolTest, ListsWhatThereIs) {
  EXPECT_EQ(Tool({"list", "implementations"}).lines().size(), core::kImplementationCount);
  EXPECT_THAT(Tool({"list", "algorithms"}).out, HasSubstr("mailbox_grid"));
  EXPECT_GE(Tool({"list", "scenarios"}).lines().size(), 16u);
  const Outcome all = Tool({"list"});
  EXPECT_THAT(all.out, AllOf(HasSubstr("Scenarios"), HasSubstr("call_lock"), HasSubstr("per_target/spin/mask_all")));
}

TEST(ToolTest, ListsAsOneJsonObjectALine) {
  const Outcome outcome = Tool({"list", "--json"});
  EXPECT_EQ(outcome.exit_code, 0);
  for (const std::string& line : outcome.lines()) {
    EXPECT_THAT(line, AllOf(StartsWith("{\"kind\":\""), EndsWith("}")));
  }
  EXPECT_THAT(outcome.out, HasSubstr("{\"kind\":\"implementation\",\"id\":\"call_lock/spin/mask_all\"}"));
}

TEST(ToolTest, ListOfProbesIsEmptyAndSaysWhy) {
  const Outcome outcome = Tool({"list", "probes"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_THAT(outcome.err, HasSubstr("no probes"));
}

TEST_F(ToolRunTest, CompletedRunPrintsOneJsonObjectAndExitsWithZero) {
  const Outcome outcome =
      Tool({"run", Scenario("  0: [call self noop wait]\n"), "--implementation", "per_target/spin/mask_all", "--calls",
            "20", "--seed", "9", "--deadline", "60s", "--json", "--no-realtime"});
  EXPECT_EQ(outcome.exit_code, kExitCompleted) << outcome.out << outcome.err;
  ASSERT_EQ(outcome.lines().size(), 1u);
  EXPECT_THAT(outcome.out,
              AllOf(StartsWith("{\"scenario\":\"mine\",\"implementation\":\"per_target/spin/mask_all\","
                               "\"target_system\":\"signal\",\"outcome\":\"completed\",\"cpus\":["),
                    HasSubstr("\"seed\":9,\"calls\":20,"), HasSubstr("\"latency_ns\":{\"count\":20,\"min\":"),
                    HasSubstr("\"routes\":{\"self\":20}"), HasSubstr("\"ipis\":{\"expected\":0,\"seen\":0}"),
                    HasSubstr("\"invalid_reason\":\"\",\"hang\":null,\"environment\":{\"kernel\":\""),
                    HasSubstr("\"sched\":\"SCHED_OTHER\""), HasSubstr("\"target_state\":\"spin\"")));
}

TEST_F(ToolRunTest, TableHasARowForEachImplementation) {
  const Outcome outcome =
      Tool({"run", Scenario("  0: [{repeat: $n, do: [call self noop wait]}]\n"), "--implementation",
            "per_target/spin/*", "--calls", "6", "--param", "n=2", "--deadline", "60s", "--no-realtime"});
  EXPECT_EQ(outcome.exit_code, kExitCompleted) << outcome.out << outcome.err;
  ASSERT_EQ(outcome.lines().size(), 3u);
  EXPECT_THAT(outcome.lines()[0], AllOf(StartsWith("SCENARIO"), HasSubstr("P99.9")));
  EXPECT_THAT(outcome.lines()[1], AllOf(HasSubstr("per_target/spin/mask_all"), HasSubstr("completed")));
  EXPECT_THAT(outcome.lines()[2], HasSubstr("per_target/spin/ipi_open"));
}

TEST_F(ToolRunTest, RefusedCpuIsThree) {
  const Outcome outcome = Tool({"run", Scenario("  0: [call self noop wait]\n"), "--implementation",
                                "per_target/spin/mask_all", "--cpus", "8000", "--json"});
  EXPECT_EQ(outcome.exit_code, kExitRefused) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("\"outcome\":\"refused\""), HasSubstr("8000")));
}

TEST_F(ToolRunTest, InvalidRunIsFourAndShowsNoPercentiles) {
  const std::string path = folder_ + "/crowd.yaml";
  std::ofstream(path) << "scenario: crowd\nabout: test\ncpus: 40\nprograms:\n  0: [call others noop wait]\n";
  const Outcome outcome = Tool({"run", path, "--implementation", "per_target/spin/mask_all", "--oversubscribe",
                                "--calls", "1", "--target-state", "sleep", "--deadline", "60s", "--no-realtime"});
  EXPECT_EQ(outcome.exit_code, kExitInvalid) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("invalid"), HasSubstr("oversubscribed")));
}

TEST_F(ToolRunTest, HungRunIsOneWithAReportForPeople) {
  const Outcome outcome = Tool({"run", Scenario("  0: [lock L, lock L]\n"), "--implementation",
                                "per_target/spin/mask_all", "--deadline", "300ms", "--no-realtime"});
  EXPECT_EQ(outcome.exit_code, kExitHung) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("HANG: "), HasSubstr("who waits for whom"), HasSubstr("lock L held by CPU 0")));
}

TEST_F(ToolRunTest, HungRunHasItsReportInJson) {
  const Outcome outcome = Tool({"run", Scenario("  0: [lock L, lock L]\n"), "--implementation",
                                "per_target/spin/mask_all", "--deadline", "300ms", "--no-realtime", "--json"});
  EXPECT_EQ(outcome.exit_code, kExitHung) << outcome.out << outcome.err;
  ASSERT_EQ(outcome.lines().size(), 1u);
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("\"outcome\":\"hung\""), HasSubstr("\"hang\":{\"class\":\""),
                    HasSubstr("\"waits\":[{\"cpu\":0,\"site\":\"lock\",\"for\":0"), HasSubstr("\"late\":false")));
}

TEST_F(ToolRunTest, WorkerThatDiesIsFive) {
  const Outcome outcome = Tool({"run", Scenario("  0: [call self noop wait]\n"), "--implementation",
                                "per_target/spin/mask_all", "--worker", "/bin/false", "--json"});
  EXPECT_EQ(outcome.exit_code, kExitCrashed) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("\"outcome\":\"crashed\""));
}

TEST_F(ToolRunTest, WorkerThatIsNotThereIsBadUse) {
  const Outcome outcome = Tool({"run", Scenario("  0: [call self noop wait]\n"), "--implementation",
                                "per_target/spin/mask_all", "--worker", folder_ + "/nobody", "--json"});
  EXPECT_EQ(outcome.exit_code, kExitBadUse) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("nobody"));
}

TEST_F(ToolRunTest, InterruptedRunStartsNothingMore) {
  const Outcome outcome =
      RunToolFor({"run", Scenario("  0: [call self noop wait]\n"), "--json"}, CROSSCALL_WORKER, false, true);
  EXPECT_EQ(outcome.exit_code, kExitInterrupted);
  EXPECT_THAT(outcome.out, IsEmpty());
}

TEST_F(ToolRunTest, ScenarioErrorsHavePositions) {
  const Outcome outcome = Tool({"run", Scenario("  0: [frobnicate]\n")});
  EXPECT_EQ(outcome.exit_code, kExitBadUse);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("mine.yaml:6:"), HasSubstr("frobnicate")));
}

TEST(ExitCodeTest, TheGravestOutcomeCounts) {
  EXPECT_EQ(Graver(kExitCompleted, kExitRefused), kExitRefused);
  EXPECT_EQ(Graver(kExitRefused, kExitInvalid), kExitInvalid);
  EXPECT_EQ(Graver(kExitHung, kExitInvalid), kExitHung);
  EXPECT_EQ(Graver(kExitHung, kExitCrashed), kExitCrashed);
  EXPECT_EQ(Graver(kExitHung, kExitCompleted), kExitHung);
}

TEST(ParseCpuListTest, KeepsTheOrderGiven) {
  const absl::StatusOr<std::vector<std::uint32_t>> cpus = ParseCpuList("5,0-2");
  ASSERT_TRUE(cpus.ok());
  EXPECT_THAT(*cpus, ElementsAre(5, 0, 1, 2));
}

TEST(ResultLineTest, HangHasTheFormOfTheLanguageDocument) {
  v1::TrialSpec spec;
  spec.set_scenario("mutual-masked");
  spec.set_implementation("generic_2008/spin/mask_all");
  spec.add_cpus(0);
  spec.add_cpus(1);
  v1::TrialResult result;
  result.set_outcome(v1::OUTCOME_HUNG);
  v1::HangReport& hang = *result.mutable_hang();
  hang.set_hang_class(v1::HANG_CLASS_MASKED_TARGET);
  hang.add_cycle(0);
  hang.add_cycle(1);
  v1::HangWait& wait = *hang.add_waits();
  wait.set_cpu(0);
  wait.set_site(v1::WAIT_SITE_COMPLETION);
  wait.add_for_cpus(1);
  EXPECT_THAT(ResultLine(spec, result),
              AllOf(HasSubstr("\"outcome\":\"hung\",\"cpus\":[0,1],"), HasSubstr("\"latency_ns\":null"),
                    HasSubstr("\"hang\":{\"class\":\"masked target\",\"cycle\":[0,1],\"waits\":[{\"cpu\":0,\"site\":"
                              "\"completion\",\"for\":1}],\"late\":false,")));
}

TEST(ResultTableTest, InvalidTrialsHaveNoPercentiles) {
  shared::Histogram histogram;
  histogram.Record(12'300);
  v1::TrialSpec spec;
  v1::TrialResult result;
  *result.mutable_latency() = shared::ToProto(histogram);
  result.mutable_ipis();
  result.set_outcome(v1::OUTCOME_COMPLETED);
  EXPECT_THAT(TableRow(spec, result), HasSubstr("12.3"));
  result.set_outcome(v1::OUTCOME_INVALID);
  result.set_reason("because");
  EXPECT_THAT(TableRow(spec, result), AllOf(Not(HasSubstr("12.3")), HasSubstr("because")));
}

}  // namespace
}  // namespace crosscall::tool
