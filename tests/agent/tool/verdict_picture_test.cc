// The picture of the built-in catalogue's verdicts, which README.md shows, is what the command makes today.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "proto/shared/durable_file.h"
#include "tests/agent/tool/tool_outcome.h"

namespace crosscall::tool {
namespace {

constexpr char kRemake[] =
    "\nremake it: crosscall explore --matrix --svg --check > agent/scenario/catalogue/verdicts.svg\n";

// Where two long texts part, since gtest would print both.
std::string FirstDifference(const std::string& a, const std::string& b) {
  std::size_t at = 0;
  while (at < a.size() && at < b.size() && a[at] == b[at]) ++at;
  return "expected ..." + a.substr(at, 80) + "\nfound    ..." + b.substr(at, 80);
}

TEST(VerdictPictureTest, IsWhatTheCommandMakesAndNoVerdictSurprises) {
  const absl::StatusOr<std::string> picture = shared::ReadFile(CROSSCALL_VERDICTS_SVG, std::size_t{1} << 20);
  ASSERT_TRUE(picture.ok()) << picture.status();
  const ToolOutcome outcome = RunToolFor({"explore", "--matrix", "--svg", "--check"}, "no-worker");
  // Some cells are searched to their limit only; none may differ from what its scenario expects.
  EXPECT_EQ(outcome.exit_code, 3) << outcome.err;
  EXPECT_THAT(outcome.err, ::testing::IsEmpty());
  EXPECT_TRUE(outcome.out == *picture) << FirstDifference(outcome.out, *picture) << kRemake;
}

TEST(VerdictPictureTest, IsShownInTheReadme) {
  const absl::StatusOr<std::string> readme = shared::ReadFile(CROSSCALL_README, std::size_t{1} << 20);
  ASSERT_TRUE(readme.ok()) << readme.status();
  EXPECT_THAT(*readme, ::testing::HasSubstr("](agent/scenario/catalogue/verdicts.svg)"));
}

}  // namespace
}  // namespace crosscall::tool
