// What is taken for the newest crash of a board.
#include "agent/supervisor/crash_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace crosscall::supervisor {
namespace {

namespace fs = std::filesystem;
using ::testing::EndsWith;
using ::testing::HasSubstr;

class CrashLogTest : public ::testing::Test {
 protected:
  CrashLogTest() {
    std::string path = ::testing::TempDir() + "crosscall-crash-XXXXXX";
    root_ = mkdtemp(path.data());
  }
  ~CrashLogTest() override { fs::remove_all(root_); }

  // `age` in seconds.
  void Put(const std::string& path, const std::string& text, int age) {
    const fs::path file = root_ + path;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
    fs::last_write_time(file, now_ - std::chrono::seconds(age));
  }

  std::string root_;
  const fs::file_time_type now_ = fs::file_time_type::clock::now();
};

TEST_F(CrashLogTest, ABoardThatNeverCrashedHasNone) {
  EXPECT_FALSE(ReadCrashLog(root_));
  Put("/sys/fs/pstore/console-ramoops-0", "chatter", 1);
  EXPECT_FALSE(ReadCrashLog(root_));
}

TEST_F(CrashLogTest, TheNewestCrashIsAllOfItsPartsInOrder) {
  Put("/sys/fs/pstore/dmesg-ramoops-1", "watchdog: BUG: soft lockup", 10);
  Put("/sys/fs/pstore/dmesg-ramoops-0", "older", 1000);
  Put("/sys/fs/pstore/dmesg-ramoops-2", "Kernel panic", 9);
  const auto log = ReadCrashLog(root_);
  ASSERT_TRUE(log);
  EXPECT_EQ(log->text(), "watchdog: BUG: soft lockup\nKernel panic\n");
  EXPECT_THAT(log->id(), EndsWith("/sys/fs/pstore/dmesg-ramoops-2"));
}

TEST_F(CrashLogTest, WhatSystemdTookAwayIsFoundAndAnotherCrashHasAnotherId) {
  Put("/var/lib/systemd/pstore/170000/dmesg.txt", "first", 500);
  const auto first = ReadCrashLog(root_);
  ASSERT_TRUE(first);
  EXPECT_THAT(first->text(), HasSubstr("first"));
  EXPECT_EQ(ReadCrashLog(root_)->id(), first->id());
  Put("/var/lib/systemd/pstore/180000/dmesg.txt", "second", 5);
  EXPECT_THAT(ReadCrashLog(root_)->text(), HasSubstr("second"));
  EXPECT_NE(ReadCrashLog(root_)->id(), first->id());
}

TEST_F(CrashLogTest, OfALongOneTheEndIsKept) {
  Put("/sys/fs/pstore/dmesg-efi-1", std::string(100'000, 'x') + "the last words", 1);
  const auto log = ReadCrashLog(root_);
  ASSERT_TRUE(log);
  EXPECT_LE(log->text().size(), 16u * 1024);
  EXPECT_THAT(log->text(), EndsWith("the last words\n"));
}

}  // namespace
}  // namespace crosscall::supervisor
