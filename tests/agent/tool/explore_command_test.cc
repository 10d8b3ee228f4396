// `crosscall explore` from its words to its output and exit code.
#include "agent/tool/explore_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "agent/core/implementation.h"
#include "agent/tool/explore_json.h"
#include "agent/tool/explore_tally.h"
#include "tests/agent/tool/tool_outcome.h"

namespace crosscall::tool {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kSpin[] = "generic_2008/spin/mask_all";
constexpr char kPoll[] = "generic_2008/poll_completion/mask_all";

ToolOutcome Explore(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "explore");
  return RunToolFor(arguments, "no-worker");
}

// What differs from run to run.
std::string WithoutSeconds(const std::string& text) {
  return std::regex_replace(text, std::regex("\"seconds\":[-+.e0-9]+"), "\"seconds\":0");
}

class ExploreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = ::testing::TempDir() + "explore-test-XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name) << text;
    return folder_ + "/" + name;
  }
  // Two CPUs, or as many as `head` says, with these lines after the programs' key.
  std::string Scenario(const std::string& programs, const std::string& head = "cpus: 2") {
    return Write("mine.yaml", absl::StrCat("scenario: mine\nabout: test\n", head, "\nprograms:\n", programs));
  }
  // As --json prints it.
  std::string Record(const std::string& scenario, const std::string& implementation) {
    return Write("trace.json", Explore({scenario, "--implementation", implementation, "--json"}).out);
  }

  std::string folder_;
};

TEST_F(ExploreTest, TableHasARowForEachPairAndTheWayToTheHang) {
  const ToolOutcome outcome = Explore({"mutual-masked", "--implementation", kSpin, "--implementation", kPoll});
  EXPECT_EQ(outcome.exit_code, kExitNotAllWell);
  EXPECT_THAT(outcome.err, IsEmpty());
  ASSERT_GE(outcome.lines().size(), 3u);
  EXPECT_THAT(outcome.lines()[0], AllOf(StartsWith("SCENARIO"), HasSubstr("EXECUTIONS"), HasSubstr("MEMORY")));
  EXPECT_THAT(outcome.lines()[1], AllOf(StartsWith("mutual-masked"), HasSubstr(kSpin), HasSubstr("deadlock")));
  EXPECT_THAT(outcome.lines()[2], AllOf(HasSubstr(kPoll), HasSubstr("completes"), HasSubstr("weak")));
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("   1. CPU 0: irq_off\n"), HasSubstr("CPU 1: call 0 noop wait: queued\n"),
                                 HasSubstr("CPU 0 waits for completion of call to CPU 1 (interrupts masked, IPI "
                                           "pending)\n"),
                                 HasSubstr("2 pairs: 1 completes, 1 deadlock\n")));
}

TEST_F(ExploreTest, ImplementationsThatHangAlikeShareATrace) {
  const ToolOutcome outcome = Explore({"caller-holds-lock", "--implementation", "per_target/*/mask_all"});
  EXPECT_EQ(outcome.exit_code, kExitNotAllWell);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("deadlock, with per_target/spin/mask_all, per_target/"),
                                 HasSubstr("CPU 1 waits for lock L held by CPU 0")));
}

TEST_F(ExploreTest, JsonHasTheFormOfTheLanguageDocument) {
  const ToolOutcome outcome = Explore({"caller-holds-lock", "--implementation", kSpin, "--json"});
  EXPECT_EQ(outcome.exit_code, kExitNotAllWell);
  EXPECT_THAT(outcome.err, IsEmpty());
  ASSERT_EQ(outcome.lines().size(), 1u);
  EXPECT_THAT(
      outcome.out,
      AllOf(
          StartsWith("{\"scenario\":\"caller-holds-lock\",\"implementation\":\"generic_2008/spin/mask_all\",\"memory\":"
                     "\"weak\",\"verdict\":\"deadlock\",\"states\":"),
          HasSubstr(",\"executions\":"), HasSubstr(",\"seconds\":"), HasSubstr("{\"cpu\":0,\"op\":\"lock L\"},"),
          HasSubstr("{\"cpu\":1,\"op\":\"irq_off\"}"),
          HasSubstr("{\"cpu\":0,\"op\":\"call 1 noop wait\",\"stage\":\"queued\"}"),
          HasSubstr("{\"cpu\":0,\"for\":\"completion of call to CPU 1\",\"masked\":false,\"ipi_pending\":false}"),
          HasSubstr("{\"cpu\":1,\"for\":\"lock L held by CPU 0\",\"masked\":true,\"ipi_pending\":true}"),
          HasSubstr("\"reason\":\"\",\"schedule\":\""), HasSubstr("\"source\":\"\",\"parameters\":{},\"steps\":"),
          HasSubstr("\"bytes_per_state\":"), EndsWith("}\n")));
}

TEST_F(ExploreTest, JsonSaysWhereTheScenarioCameFrom) {
  const std::string path = Scenario("  0: [{repeat: $n, do: [call 1 noop wait]}]\n", "params: {n: 8}\ncpus: 2");
  const ToolOutcome outcome = Explore({path, "--implementation", kSpin, "--param", "n=2", "--memory", "sc", "--json"});
  EXPECT_EQ(outcome.exit_code, kExitAllWell) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("\"memory\":\"sc\",\"verdict\":\"completes\""),
                                 HasSubstr("\"trace\":[],\"waits\":[]"), HasSubstr("\"schedule\":\"\""),
                                 HasSubstr(absl::StrCat("\"source\":\"", path, "\",\"parameters\":{\"n\":2}"))));
}

TEST_F(ExploreTest, RefusedIsWell) {
  const ToolOutcome outcome = Explore({"mutual-masked", "--implementation", "*/fail_fast/mask_all", "--json"});
  EXPECT_EQ(outcome.exit_code, kExitAllWell);
  ASSERT_EQ(outcome.lines().size(), core::kAlgorithmCount);
  for (const std::string& line : outcome.lines()) EXPECT_THAT(line, HasSubstr("\"verdict\":\"refused\""));
}

TEST_F(ExploreTest, LimitsEndAsUnknownAndAreNamed) {
  const ToolOutcome states = Explore({"mesh", "--implementation", kSpin, "--max-states", "70", "--json"});
  EXPECT_EQ(states.exit_code, kExitSomeUnknown);
  EXPECT_THAT(states.out, AllOf(HasSubstr("\"verdict\":\"unknown\""), HasSubstr("\"reason\":\"limit of 70 states\""),
                                HasSubstr("\"trace\":[]")));
  const ToolOutcome time = Explore({"mesh", "--implementation", kSpin, "--max-time", "1ns"});
  EXPECT_EQ(time.exit_code, kExitSomeUnknown);
  EXPECT_THAT(time.out, HasSubstr("limit of 1ns"));
}

TEST_F(ExploreTest, ConvictionOutweighsUnknown) {
  const ToolOutcome outcome =
      Explore({"mesh", "mutual-masked", "--implementation", kSpin, "--max-states", "70", "--json"});
  EXPECT_EQ(outcome.exit_code, kExitNotAllWell);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("unknown"), HasSubstr("deadlock")));
}

TEST_F(ExploreTest, ViolationsHaveReasonAndTrace) {
  const std::string path = Scenario("  0: [call 1 noop nowait]\nfaults:\n  - {drop_ipi: {to: 1, nth: 1}}\n");
  const ToolOutcome outcome = Explore({path, "--implementation", kSpin});
  EXPECT_EQ(outcome.exit_code, kExitNotAllWell) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("mine: violation: "), HasSubstr("   1. CPU 0: call 1 noop nowait: ")));
}

TEST_F(ExploreTest, TwoRunsAreEqualWhateverTheThreads) {
  const std::vector<std::string> words = {"target-masked", "async-busy", "--implementation", "*/spin/*", "--json"};
  std::vector<std::string> more = words;
  more.insert(more.end(), {"--threads", "3"});
  const ToolOutcome first = Explore(words);
  EXPECT_EQ(first.lines().size(), 2 * core::kAlgorithmCount * core::kIrqModelCount);
  EXPECT_EQ(WithoutSeconds(first.out), WithoutSeconds(Explore(more).out));
}

TEST_F(ExploreTest, ProgressIsForTerminalsAndGoesToTheErrorStream) {
  const std::vector<std::string> words = {"explore", "mutual-masked", "--implementation", kSpin, "--json"};
  const ToolOutcome terminal = RunToolFor(words, "no-worker", true);
  EXPECT_EQ(WithoutSeconds(terminal.out), WithoutSeconds(RunToolFor(words, "no-worker").out));
}

TEST_F(ExploreTest, InterruptedSearchPrintsNoVerdictThatItDidNotReach) {
  const ToolOutcome outcome = RunToolFor({"explore", "mesh", "--json"}, "no-worker", false, true);
  EXPECT_EQ(outcome.exit_code, kExitInterrupted);
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_THAT(outcome.err, HasSubstr("interrupted"));
}

TEST_F(ExploreTest, CheckFindsWhatIsExpected) {
  const ToolOutcome outcome = Explore({"caller-holds-lock", "--check", "--implementation", "per_target"});
  EXPECT_EQ(outcome.exit_code, kExitAllWell) << outcome.out;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("as expected"), HasSubstr("10 as expected"), Not(HasSubstr("DIFFERS")),
                                 Not(HasSubstr("   1. CPU"))));
}

TEST_F(ExploreTest, CheckTellsWhatDiffersAndWhatIsUnchecked) {
  const std::string path = Scenario(
      "  0: [irq_off, call 1 noop wait, irq_on]\n  1: [irq_off, call 0 noop wait, irq_on]\n"
      "expect:\n  generic_2008/*/mask_all: completes\n  generic_2008/fail_fast/mask_all: refused\n");
  const ToolOutcome outcome =
      Explore({path, "--check", "--implementation", kSpin, "--implementation", kPoll, "--implementation",
               "generic_2008/fail_fast/mask_all", "--implementation", "per_target/spin/mask_all"});
  EXPECT_EQ(outcome.exit_code, kExitNotAllWell);
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("EXPECTED completes"), HasSubstr("unchecked: nothing is expected"),
                    HasSubstr("DIFFERS: mine with generic_2008/spin/mask_all: expected completes, found deadlock\n"),
                    HasSubstr("2 as expected, 1 not as expected, 1 unchecked")));
  const ToolOutcome json = Explore({path, "--check", "--implementation", kSpin, "--json"});
  EXPECT_EQ(json.exit_code, kExitNotAllWell);
  EXPECT_THAT(json.out, HasSubstr("\"expected\":\"completes\""));
  EXPECT_EQ(json.lines().size(), 1u);
  EXPECT_THAT(json.err, HasSubstr("DIFFERS"));
}

TEST_F(ExploreTest, UncheckedIsNotFailed) {
  const std::string path = Scenario("  0: [lock L, lock L]\n");
  const ToolOutcome outcome = Explore({path, "--check", "--implementation", kSpin, "--json"});
  EXPECT_EQ(outcome.exit_code, kExitAllWell);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("\"verdict\":\"deadlock\""), HasSubstr("\"expected\":null")));
}

TEST_F(ExploreTest, ReplayEndsAsRecorded) {
  for (const char* scenario : {"mutual-masked", "ring-masked", "function-takes-lock"}) {
    const std::string implementation =
        std::string(scenario) == "function-takes-lock" ? "per_target/spin/ipi_open" : kSpin;
    const ToolOutcome outcome = Explore({"--replay", Record(scenario, implementation)});
    EXPECT_EQ(outcome.exit_code, kExitAllWell) << outcome.err;
    EXPECT_THAT(outcome.out, AllOf(StartsWith(absl::StrCat(scenario, " with ", implementation, ", memory ")),
                                   HasSubstr("\n   1. CPU "), HasSubstr("Ends as recorded: deadlock, after ")));
  }
}

TEST_F(ExploreTest, ReplayTakesFileAndParametersFromTheRecord) {
  const std::string path =
      Scenario("  0: [irq_off, call $dst noop wait, irq_on]\n  1: [irq_off, call 0 noop wait, irq_on]\n",
               "params: {dst: 0}\ncpus: 2");
  const std::string trace =
      Write("trace.json", Explore({path, "--implementation", kSpin, "--param", "dst=1", "--json"}).out);
  EXPECT_EQ(Explore({"--replay", trace}).exit_code, kExitAllWell);
  std::filesystem::rename(path, folder_ + "/moved.yaml");
  EXPECT_EQ(Explore({"--replay", trace}).exit_code, kExitBadUse);
  EXPECT_EQ(Explore({folder_ + "/moved.yaml", "--replay", trace}).exit_code, kExitAllWell);
}

TEST_F(ExploreTest, ReplayOfAnAlteredRecordSaysSo) {
  const std::string good = Explore({"mutual-masked", "--implementation", kSpin, "--json"}).out;
  struct Alteration {
    const char* from;
    const char* to;
    const char* text;
  };
  for (const Alteration& alteration :
       {Alteration{"\"schedule\":\"", "\"schedule\":\"5 ", "step 1 (5) cannot be taken"},
        Alteration{"\"schedule\":\"0 ", "\"schedule\":\"", "recorded otherwise"},
        Alteration{"\"op\":\"irq_off\"", "\"op\":\"irq_on\"", "line 1 is recorded otherwise"},
        Alteration{"\"masked\":true", "\"masked\":false", "who waits"},
        Alteration{"\"verdict\":\"deadlock\"", "\"verdict\":\"livelock\"", "recorded is livelock"}}) {
    const std::string altered = absl::StrReplaceAll(good, {{alteration.from, alteration.to}});
    ASSERT_NE(altered, good) << alteration.text;
    const ToolOutcome outcome = Explore({"--replay", Write("altered.json", altered)});
    EXPECT_EQ(outcome.exit_code, kExitNotAllWell) << alteration.text;
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("does not end as recorded"), HasSubstr(alteration.text)));
  }
}

TEST_F(ExploreTest, ReplayOnAnotherScenarioSaysSo) {
  const ToolOutcome outcome = Explore({"single-call", "--replay", Record("mutual-masked", kSpin)});
  EXPECT_THAT(outcome.err, Not(IsEmpty()));
  EXPECT_NE(outcome.exit_code, kExitAllWell);
  EXPECT_EQ(Explore({"caller-holds-lock", "--replay", Record("mutual-masked", kSpin)}).exit_code, kExitNotAllWell);
}

TEST_F(ExploreTest, ReplayOfWhatIsNoTraceIsBadUse) {
  const auto error = [&](const std::string& text) {
    const ToolOutcome outcome = Explore({"--replay", Write("bad.json", text)});
    EXPECT_EQ(outcome.exit_code, kExitBadUse) << text;
    EXPECT_THAT(outcome.out, IsEmpty());
    return outcome.err;
  };
  const std::string good = Explore({"mutual-masked", "--implementation", kSpin, "--json"}).out;
  EXPECT_THAT(error("nonsense"), AllOf(HasSubstr("bad.json"), HasSubstr("no JSON object")));
  EXPECT_THAT(error(good + good), HasSubstr("one and nothing else"));
  EXPECT_THAT(error("{}"), HasSubstr("key \"scenario\""));
  EXPECT_THAT(error(absl::StrReplaceAll(good, {{"\"memory\":\"weak\"", "\"memory\":\"tso\""}})), HasSubstr("sc, weak"));
  EXPECT_THAT(error(absl::StrReplaceAll(good, {{"\"cpu\":1", "\"cpu\":1.5"}})), HasSubstr("key \"cpu\""));
  EXPECT_THAT(error(absl::StrReplaceAll(good, {{"\"schedule\":\"0", "\"schedule\":\"zero"}})), HasSubstr("zero"));
  EXPECT_THAT(error(absl::StrReplaceAll(good, {{"generic_2008", "magic"}})), HasSubstr("magic"));
  EXPECT_THAT(error(Explore({"single-call", "--implementation", kSpin, "--json"}).out),
              HasSubstr("completes has no trace"));
  EXPECT_EQ(Explore({"--replay", folder_ + "/none.json"}).exit_code, kExitBadUse);
}

TEST_F(ExploreTest, WhatCannotBeExploredIsBadUseAndSaysWhy) {
  const auto error = [&](const std::string& path) {
    const ToolOutcome outcome = Explore({path, "single-call", "--json"});
    EXPECT_EQ(outcome.exit_code, kExitBadUse);
    EXPECT_THAT(outcome.out, IsEmpty());
    return outcome.err;
  };
  EXPECT_THAT(error(Scenario("  0: [{repeat: 9, do: [call 1 noop wait]}]\n")),
              AllOf(HasSubstr("line 5"), HasSubstr("repeat 9"), HasSubstr("at most 8")));
  EXPECT_THAT(error(Scenario("  0: [call 1 noop wait]\n", "cpus: 7")),
              AllOf(HasSubstr("7 CPUs"), HasSubstr("at most 6")));
  EXPECT_THAT(error(Scenario("  0: [frobnicate]\n")), HasSubstr("mine.yaml:5:"));
}

struct BadUse {
  const char* name;
  std::vector<std::string> arguments;
  const char* text;
};

class ExploreBadUseTest : public ::testing::TestWithParam<BadUse> {};

TEST_P(ExploreBadUseTest, IsTwoWithAMessageAndNoOutput) {
  const ToolOutcome outcome = Explore(GetParam().arguments);
  EXPECT_EQ(outcome.exit_code, kExitBadUse);
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_THAT(outcome.err, HasSubstr(GetParam().text));
}

INSTANTIATE_TEST_SUITE_P(
    Cases, ExploreBadUseTest,
    ::testing::Values(BadUse{"NoScenario", {}, "SCENARIO"}, BadUse{"UnknownScenario", {"no-such"}, "mutual-masked"},
                      BadUse{"MissingFile", {"no/such.yaml"}, "no/such.yaml"},
                      BadUse{"UnknownImplementation", {"ring", "--implementation", "magic/*"}, "per_target"},
                      BadUse{"Memory", {"ring", "--memory", "tso"}, "sc, weak"},
                      BadUse{"AmountAsMemoryModel", {"ring", "--memory", "512"}, "--max-memory"},
                      BadUse{"Time", {"ring", "--max-time", "soon"}, "--max-time"},
                      BadUse{"NegativeTime", {"ring", "--max-time", "-1s"}, "--max-time"},
                      BadUse{"NoStates", {"ring", "--max-states", "0"}, "--max-states"},
                      BadUse{"States", {"ring", "--max-states", "many"}, "--max-states"},
                      BadUse{"NoMemory", {"ring", "--max-memory", "0"}, "1 to 1048576"},
                      BadUse{"MemoryUnit", {"ring", "--max-memory", "1G"}, "--max-memory"},
                      BadUse{"Threads", {"ring", "--threads", "1000"}, "1 to 256"},
                      BadUse{"Parameter", {"ring", "--param", "n"}, "NAME=INTEGER"},
                      BadUse{"UnknownParameter", {"ring", "--param", "nope=1"}, "nope"},
                      BadUse{"PictureOfNoMatrix", {"ring", "--svg"}, "--matrix"},
                      BadUse{"PictureInJson", {"--matrix", "--svg", "--json"}, "without --json"},
                      BadUse{"ReplayWithMatrix", {"--replay", "x.json", "--matrix"}, "--replay"},
                      BadUse{"ReplayOfTwo", {"ring", "mesh", "--replay", "x.json"}, "one SCENARIO"}),
    [](const ::testing::TestParamInfo<BadUse>& test) { return std::string(test.param.name); });

TEST(ExploreHelpTest, NamesVerdictsAndExitCodes) {
  const ToolOutcome outcome = Explore({"--help"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("Exit status"), HasSubstr("--replay"), HasSubstr("livelock")));
}

}  // namespace
}  // namespace crosscall::tool
