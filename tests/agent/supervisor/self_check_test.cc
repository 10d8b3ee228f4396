#include "agent/supervisor/self_check.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace crosscall::supervisor {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

class SelfCheckTest : public ::testing::Test {
 protected:
  std::string At(int second) { return check_.Problem(absl::Seconds(second)); }

  Resources resources_{.disk_bytes = 100 * kMiB, .memory_bytes = 100 * kMiB};
  int readings_ = 0;
  SelfCheck check_{{.disk_bytes = 64 * kMiB, .memory_bytes = 64 * kMiB, .period = absl::Seconds(10)}, [this] {
                     ++readings_;
                     return resources_;
                   }};
};

TEST_F(SelfCheckTest, AFitBoardHasNoProblem) {
  EXPECT_EQ(At(0), "");
  EXPECT_EQ(At(5), "");
  EXPECT_EQ(readings_, 1);
  EXPECT_EQ(At(10), "");
  EXPECT_EQ(readings_, 2);
}

TEST_F(SelfCheckTest, WhatIsShortIsNamed) {
  resources_.disk_bytes = 63 * kMiB;
  EXPECT_EQ(At(0), "less than 64 MiB free on the disk of the state folder");
  resources_.memory_bytes = 1;
  EXPECT_EQ(At(10), "less than 64 MiB free on the disk of the state folder; less than 64 MiB of memory available");
}

TEST_F(SelfCheckTest, AReadingAtTheLimitDoesNotFlap) {
  resources_.memory_bytes = 63 * kMiB;
  const std::string problem = At(0);
  EXPECT_NE(problem, "");
  resources_.memory_bytes = 65 * kMiB;
  EXPECT_EQ(At(10), problem);
  resources_.memory_bytes = 96 * kMiB;
  EXPECT_EQ(At(20), "");
  resources_.memory_bytes = 65 * kMiB;
  EXPECT_EQ(At(30), "");
}

TEST_F(SelfCheckTest, WhatCannotBeReadIsNoReason) {
  resources_ = {};
  EXPECT_EQ(At(0), "");
}

TEST(ResourcesTest, MemAvailableIsFoundAmongOthers) {
  EXPECT_EQ(MemAvailable("MemTotal:  100 kB\nMemFree:  50 kB\nMemAvailable:   70 kB\n"), 70u * 1024);
  EXPECT_EQ(MemAvailable("MemTotal:  100 kB\n"), absl::nullopt);
  EXPECT_EQ(MemAvailable("MemAvailable:  many kB\n"), absl::nullopt);
}

TEST(ResourcesTest, AreReadFromDiskAndProc) {
  std::string root = std::filesystem::temp_directory_path() / "crosscall-self-check-XXXXXX";
  ASSERT_NE(mkdtemp(root.data()), nullptr);
  std::filesystem::create_directory(root + "/proc");
  std::ofstream(root + "/proc/meminfo") << "MemAvailable:   2048 kB\n";
  const Resources found = ReadResources(root, root);
  EXPECT_EQ(found.memory_bytes, 2 * kMiB);
  EXPECT_TRUE(found.disk_bytes.has_value());
  const Resources nothing = ReadResources(root + "/not-there", root + "/not-there");
  EXPECT_FALSE(nothing.disk_bytes.has_value());
  EXPECT_FALSE(nothing.memory_bytes.has_value());
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace crosscall::supervisor
