// The verdict matrix in its three forms, and what verdicts add up to.
#include "agent/tool/verdict_matrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "agent/tool/explore_tally.h"
#include "agent/tool/list_command.h"
#include "agent/tool/matrix_svg.h"
#include "tests/agent/tool/tool_outcome.h"

namespace crosscall::tool {
namespace {

using explore::Verdict;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

// `scenarios` of them, with every implementation.
VerdictMatrix MatrixOf(std::size_t scenarios) {
  ExplorePlan plan;
  for (std::size_t i = 0; i < scenarios; ++i) {
    plan.scenarios.emplace_back().scenario.set_id(absl::StrCat("s", i + 1, "<&"));
  }
  for (const core::Implementation& implementation : core::kImplementations) {
    char name[core::kImplementationNameBytes];
    core::Format(implementation, name, sizeof name);
    plan.implementations.push_back(NamedImplementation{implementation, name});
  }
  return {plan, "Each cell: some"};
}

TEST(MatrixTextTest, FitsIn120ColumnsHoweverManyScenarios) {
  VerdictMatrix matrix = MatrixOf(60);
  for (auto& cell : matrix.cells) cell = Verdict::kCompletes;
  const std::string text = MatrixText(matrix);
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  for (const std::string& line : lines) EXPECT_LE(line.size(), 120u) << line;
  EXPECT_THAT(text, AllOf(HasSubstr("\n 60 s60<&\n"), HasSubstr("C completes, R refused, D deadlock")));
}

TEST(MatrixTextTest, CellsStandBelowTheirNumbersAndBlankOnesStayBlank) {
  VerdictMatrix matrix = MatrixOf(3);
  matrix.implementations.resize(2);
  matrix.cells = {Verdict::kDeadlock, Verdict::kRefused,   std::nullopt,
                  Verdict::kLivelock, Verdict::kViolation, Verdict::kUnknown};
  EXPECT_THAT(MatrixText(matrix), StartsWith("                         1  2  3\n"
                                             "call_lock/spin/mask_all  D     V\n"
                                             "call_lock/spin/ipi_open  R  L  ?\n"));
  EXPECT_EQ(
      MatrixJson(matrix),
      "{\"implementation\":\"call_lock/spin/mask_all\",\"verdicts\":{\"s1<&\":\"deadlock\",\"s2<&\":null,\"s3<&\":"
      "\"violation\"}}\n"
      "{\"implementation\":\"call_lock/spin/ipi_open\",\"verdicts\":{\"s1<&\":\"refused\",\"s2<&\":\"livelock\","
      "\"s3<&\":\"unknown\"}}\n");
}

TEST(MatrixSvgTest, StandsForItselfInLightAndDark) {
  VerdictMatrix matrix = MatrixOf(4);
  for (auto& cell : matrix.cells) cell = Verdict::kDeadlock;
  const std::string svg = MatrixSvg(matrix);
  EXPECT_THAT(svg, AllOf(StartsWith("<svg xmlns="), EndsWith("</svg>\n"), HasSubstr("prefers-color-scheme:dark"),
                         HasSubstr("<title"), HasSubstr(">D</tspan></text>"), HasSubstr("s1&lt;&amp;"),
                         HasSubstr(">rendezvous<"), HasSubstr(">ipi_open<"), HasSubstr("Each cell: some")));
  EXPECT_THAT(svg, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("href")), Not(HasSubstr("url("))));
}

TEST(MatrixSvgTest, SaysByLettersWhatItSaysByColours) {
  VerdictMatrix matrix = MatrixOf(1);
  matrix.implementations.resize(6);
  matrix.cells.clear();
  for (const Verdict verdict : kVerdictsShown) matrix.cells.emplace_back(verdict);
  const std::string svg = MatrixSvg(matrix);
  for (const char letter : std::string("CRDLV?")) {
    EXPECT_THAT(svg, HasSubstr(absl::StrCat("\">", std::string(1, letter), "</text>")));
  }
}

ToolOutcome Explore(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "explore");
  return RunToolFor(arguments, "no-worker");
}

TEST(ExploreMatrixTest, HasAllImplementationsInEachForm) {
  const ToolOutcome text = Explore({"--matrix", "mutual-masked", "masked-caller", "--max-states", "2000"});
  EXPECT_EQ(text.exit_code, kExitNotAllWell);
  EXPECT_THAT(text.out, AllOf(HasSubstr("generic_2008/spin/mask_all              D  C\n"),
                              HasSubstr("generic_2008/fail_fast/mask_all         R  R\n"), HasSubstr("2 masked-caller"),
                              HasSubstr("weak for up to 2 CPUs"), HasSubstr("140 pairs: ")));
  const ToolOutcome json = Explore({"--matrix", "mutual-masked", "masked-caller", "--max-states", "2000", "--json"});
  EXPECT_EQ(json.lines().size(), core::kImplementationCount);
  EXPECT_THAT(json.out, HasSubstr("{\"implementation\":\"generic_2008/spin/mask_all\",\"verdicts\":{\"mutual-masked\":"
                                  "\"deadlock\",\"masked-caller\":\"completes\"}}\n"));
  EXPECT_THAT(json.err, IsEmpty());
}

TEST(ExploreMatrixTest, CheckedMatrixIsWellIfAllIsAsExpected) {
  const ToolOutcome outcome =
      Explore({"--matrix", "mutual-masked", "--implementation", "*/*/mask_all", "--check", "--svg"});
  EXPECT_EQ(outcome.exit_code, kExitAllWell) << outcome.err;
  EXPECT_THAT(outcome.err, IsEmpty());
  EXPECT_EQ(outcome.out,
            Explore({"--matrix", "mutual-masked", "--implementation", "*/*/mask_all", "--svg", "--threads", "1"}).out);
}

TEST(ExploreMatrixTest, InterruptedMatrixHasBlankCells) {
  const ToolOutcome outcome = RunToolFor({"explore", "--matrix", "mesh"}, "no-worker", false, true);
  EXPECT_EQ(outcome.exit_code, kExitInterrupted);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("\nper_target/spin/mask_all\n"), HasSubstr("blank: not searched")));
}

TEST(ExpectedVerdictTest, TheMostPreciseOfSeveralPatternsCounts) {
  v1::Scenario scenario;
  const auto expect = [&](const char* pattern, const char* verdict) {
    v1::Expectation& expectation = *scenario.add_expectations();
    expectation.set_implementation(pattern);
    expectation.set_verdict(verdict);
  };
  expect("*/spin/*", "deadlock");
  expect("*/spin/mask_all", "livelock");
  expect("*/*/mask_all", "completes");
  expect("per_target/*/mask_all", "refused");
  EXPECT_EQ(ExpectedVerdict(scenario, "call_lock/spin/ipi_open"), "deadlock");
  EXPECT_EQ(ExpectedVerdict(scenario, "call_lock/spin/mask_all"), "livelock");
  EXPECT_EQ(ExpectedVerdict(scenario, "per_target/open_window/mask_all"), "refused");
  EXPECT_EQ(ExpectedVerdict(scenario, "call_lock/open_window/ipi_open"), std::nullopt);
}

TEST(ExploreTallyTest, ExitCodesFollowTheLanguageDocument) {
  const auto code = [](bool check, std::initializer_list<std::pair<Verdict, std::optional<std::string>>> found) {
    ExploreTally tally(check);
    for (const auto& [verdict, expected] : found) tally.Add(verdict, expected);
    return tally.exit_code();
  };
  EXPECT_EQ(code(false, {}), kExitAllWell);
  EXPECT_EQ(code(false, {{Verdict::kCompletes, "deadlock"}, {Verdict::kRefused, {}}}), kExitAllWell);
  EXPECT_EQ(code(false, {{Verdict::kLivelock, "livelock"}}), kExitNotAllWell);
  EXPECT_EQ(code(false, {{Verdict::kUnknown, {}}}), kExitSomeUnknown);
  EXPECT_EQ(code(false, {{Verdict::kUnknown, {}}, {Verdict::kViolation, {}}}), kExitNotAllWell);
  EXPECT_EQ(code(true, {{Verdict::kDeadlock, "deadlock"}, {Verdict::kDeadlock, {}}}), kExitAllWell);
  EXPECT_EQ(code(true, {{Verdict::kCompletes, "deadlock"}, {Verdict::kUnknown, {}}}), kExitNotAllWell);
  EXPECT_EQ(code(true, {{Verdict::kUnknown, "deadlock"}}), kExitSomeUnknown);
}

}  // namespace
}  // namespace crosscall::tool
