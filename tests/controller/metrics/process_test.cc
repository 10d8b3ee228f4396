#include "controller/metrics/process.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crosscall::metrics {
namespace {

class ProcessTest : public ::testing::Test {
 protected:
  ProcessTest() : proc_(testing::TempDir() + "/procXXXXXX") {
    EXPECT_NE(mkdtemp(proc_.data()), nullptr);
    std::filesystem::create_directories(proc_ + "/self/fd");
  }
  ~ProcessTest() override { std::filesystem::remove_all(proc_); }

  void Write(const std::string& name, const std::string& text) const { std::ofstream(proc_ + name) << text; }

  std::string proc_;
};

TEST_F(ProcessTest, FieldsAreFoundBehindANameWithSpacesAndParentheses) {
  const long ticks = sysconf(_SC_CLK_TCK);
  // utime 2 s, stime 1 s, start 10 s after boot, 3 resident pages.
  Write("/self/stat", "42 (a ) b) S 1 2 3 4 5 6 7 8 9 10 " + std::to_string(2 * ticks) + " " + std::to_string(ticks) +
                          " 0 0 20 0 1 0 " + std::to_string(10 * ticks) + " 12345 3 0\n");
  Write("/stat", "cpu 1 2 3\nbtime 1000\n");
  Write("/self/fd/0", "");
  Write("/self/fd/1", "");
  const absl::StatusOr<ProcessUsage> usage = ReadProcessUsage(proc_);
  ASSERT_TRUE(usage.ok()) << usage.status();
  EXPECT_EQ(usage->cpu_seconds, 3);
  EXPECT_EQ(usage->start_time_seconds, 1010);
  EXPECT_EQ(usage->resident_memory_bytes, 3U * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)));
  EXPECT_EQ(usage->open_fds, 2U);
}

TEST_F(ProcessTest, AnotherFormIsNoNumber) {
  Write("/self/stat", "42 (x) S 1 2\n");
  Write("/stat", "btime 1000\n");
  EXPECT_EQ(ReadProcessUsage(proc_).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(ProcessTest, AMissingFileIsToldByItsName) {
  const absl::Status status = ReadProcessUsage(proc_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("/self/stat"));
}

TEST(RealProcessTest, ThisProcessIsAliveAndYoung) {
  const absl::StatusOr<ProcessUsage> usage = ReadProcessUsage("/proc");
  ASSERT_TRUE(usage.ok()) << usage.status();
  EXPECT_GT(usage->resident_memory_bytes, 100'000U);
  EXPECT_GE(usage->open_fds, 3U);
  EXPECT_GE(usage->max_fds, usage->open_fds);
  const auto now = static_cast<double>(std::time(nullptr));
  EXPECT_LT(usage->start_time_seconds, now + 2);
  EXPECT_GT(usage->start_time_seconds, now - 24 * 3600);
}

}  // namespace
}  // namespace crosscall::metrics
