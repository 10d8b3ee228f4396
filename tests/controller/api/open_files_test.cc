#include "controller/api/open_files.h"

#include <sys/resource.h>

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crosscall::api {
namespace {

using ::testing::HasSubstr;

TEST(OpenFilesTest, TheSoftLimitBecomesTheHardOne) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit lowered{.rlim_cur = 256, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &lowered), 0);
  const absl::StatusOr<std::uint64_t> raised = RaiseOpenFileLimit();
  ASSERT_TRUE(raised.ok()) << raised.status();
  EXPECT_EQ(*raised, before.rlim_max);
  rlimit after{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
  EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST(OpenFilesTest, ALowLimitSaysHowManyAgentsFitAndWhatToDo) {
  EXPECT_TRUE(CheckOpenFileLimit(kWantedOpenFiles).ok());
  const absl::Status status = CheckOpenFileLimit(1024);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("about 960 agents"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("LimitNOFILE="));
  EXPECT_THAT(std::string(CheckOpenFileLimit(10).message()), HasSubstr("about 0 agents"));
}

}  // namespace
}  // namespace crosscall::api
