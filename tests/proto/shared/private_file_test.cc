#include "proto/shared/private_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace crosscall::shared {
namespace {

using ::testing::HasSubstr;

TEST(PrivateFileTest, OnlyItsOwnerMayHaveRights) {
  const std::string path = testing::TempDir() + "/private-" + std::to_string(getpid());
  std::ofstream(path) << "secret";
  for (const mode_t mode : {0640, 0604, 0620, 0602, 0610, 0601, 0644}) {
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    const auto read = ReadPrivateFile(path);
    EXPECT_EQ(read.status().code(), absl::StatusCode::kPermissionDenied) << mode;
    EXPECT_THAT(std::string(read.status().message()), HasSubstr("chmod go= " + path));
  }
  ASSERT_EQ(chmod(path.c_str(), 0600), 0);
  const auto read = ReadPrivateFile(path);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, "secret");
  unlink(path.c_str());
  EXPECT_EQ(ReadPrivateFile(path).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace crosscall::shared
