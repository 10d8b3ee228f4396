// Which commands are refused when they are set, and with which words.
#include "controller/power/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/controller/power/scripts.h"

namespace crosscall::power {
namespace {

using ::testing::HasSubstr;

void ExpectRefused(const std::vector<std::string>& argv, absl::StatusCode code, const std::string& words) {
  const absl::Status status = Check(argv);
  EXPECT_EQ(status.code(), code) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(words));
}

TEST(CommandTest, WhatCanBeRunIsAccepted) {
  const Scripts scripts;
  EXPECT_TRUE(Check({scripts.Make("relay", "exit 0"), "--outlet", "4"}).ok());
}

TEST(CommandTest, WhatIsNoAbsolutePathIsRefused) {
  ExpectRefused({}, absl::StatusCode::kInvalidArgument, "none was given");
  ExpectRefused({"ipmitool", "chassis"}, absl::StatusCode::kInvalidArgument, "\"ipmitool\" is no absolute path");
}

TEST(CommandTest, WhatIsMissingOrCannotBeExecutedIsRefusedWithTheReason) {
  const Scripts scripts;
  ExpectRefused({scripts.folder() + "/no-such"}, absl::StatusCode::kFailedPrecondition, "No such file");
  ExpectRefused({scripts.folder()}, absl::StatusCode::kFailedPrecondition, "is no file that can be executed");
  ExpectRefused({scripts.Make("plain", "exit 0", 0600)}, absl::StatusCode::kFailedPrecondition,
                "cannot be executed by the controller");
}

}  // namespace
}  // namespace crosscall::power
