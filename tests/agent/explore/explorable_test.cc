#include "agent/explore/explorable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "agent/scenario/parse.h"

namespace crosscall::explore {
namespace {

using testing::AllOf;
using testing::HasSubstr;

absl::Status Check(const std::string& body) {
  const auto parsed = scenario::ParseScenario(absl::StrCat("scenario: s\n", body), "s.yaml");
  if (!parsed.ok()) return absl::InternalError(absl::StrCat("does not parse: ", parsed.status().message()));
  return CheckExplorable(*parsed);
}

void ExpectRefused(const std::string& body, const testing::Matcher<const std::string&>& text) {
  const absl::Status status = Check(body);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("scenario s"), HasSubstr("cannot be explored"), text));
}

TEST(Explorable, UpToEightRoundsOfALoopAre) {
  EXPECT_TRUE(Check("programs:\n  0: [{repeat: 8, do: [call 1 noop wait]}]\n  1: []\n").ok());
  ExpectRefused("programs:\n  0: [{repeat: 9, do: [call 1 noop wait]}]\n  1: []\n",
                AllOf(HasSubstr("line 3"), HasSubstr("repeat 9"), HasSubstr("at most 8")));
}

TEST(Explorable, ALoopInALoopIsHeldToTheSameLimit) {
  EXPECT_TRUE(Check("programs:\n  0: [{repeat: 2, do: [{repeat: 3, do: [call 1 noop wait]}]}]\n  1: []\n").ok());
  ExpectRefused(
      "programs:\n  0:\n    - repeat: 2\n      do:\n        - {repeat: 100, do: [call 1 noop wait]}\n  1: []\n",
      AllOf(HasSubstr("line 6"), HasSubstr("repeat 100")));
}

TEST(Explorable, ALoopInAFunctionIsHeldToTheSameLimit) {
  ExpectRefused("functions:\n  f: [{repeat: 9, do: [work 1ns]}]\nprograms:\n  0: [call 1 f wait]\n  1: []\n",
                AllOf(HasSubstr("line 3"), HasSubstr("repeat 9")));
}

TEST(Explorable, UpToSixCpusAre) {
  EXPECT_TRUE(Check("cpus: 6\nprograms:\n  0: [call others noop wait]\n").ok());
  ExpectRefused("cpus: 7\nprograms:\n  0: [call others noop wait]\n",
                AllOf(HasSubstr("7 CPUs"), HasSubstr("at most 6")));
}

TEST(Explorable, UpToEightDeviceInterruptsOfAKindAre) {
  const std::string programs = "programs:\n  0: [call 1 noop wait]\n  1: []\ninterrupts:\n";
  EXPECT_TRUE(Check(programs + "  - {cpu: 1, run: noop, times: 8}\n").ok());
  ExpectRefused(programs + "  - {cpu: 0, run: noop, times: 1}\n  - {cpu: 1, run: noop, times: 9}\n",
                AllOf(HasSubstr("CPU 1"), HasSubstr("9 times"), HasSubstr("at most 8")));
}

}  // namespace
}  // namespace crosscall::explore
