#include "proto/shared/durable_file.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

namespace crosscall::shared {
namespace {

class DurableFileTest : public testing::Test {
 protected:
  DurableFileTest() {
    std::string pattern = testing::TempDir() + "durable-XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~DurableFileTest() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
};

TEST_F(DurableFileTest, ReplacesContentAndLeavesNothingElse) {
  const std::string path = folder_ + "/f";
  ASSERT_TRUE(WriteDurably(path, "one").ok());
  ASSERT_TRUE(WriteDurably(path, "two").ok());
  EXPECT_EQ(*ReadFile(path, 100), "two");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
  ASSERT_TRUE(RemoveDurably(path).ok());
  EXPECT_TRUE(RemoveDurably(path).ok()) << "deleting twice is no error";
  EXPECT_EQ(ReadFile(path, 100).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(DurableFileTest, WhatRootReplacesStaysItsOwners) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  constexpr uid_t kOwner = 4711;
  constexpr gid_t kGroup = 4712;
  const std::string path = folder_ + "/f";
  ASSERT_TRUE(WriteDurably(path, "one").ok());
  ASSERT_EQ(chown(path.c_str(), kOwner, kGroup), 0);
  ASSERT_TRUE(WriteDurably(path, "two").ok());
  struct stat now = {};
  ASSERT_EQ(stat(path.c_str(), &now), 0);
  EXPECT_EQ(now.st_uid, kOwner);
  EXPECT_EQ(now.st_gid, kGroup);
  EXPECT_EQ(now.st_mode & 0777U, 0600U);
}

TEST_F(DurableFileTest, MissingFolderIsNotFound) {
  EXPECT_EQ(WriteDurably(folder_ + "/none/f", "x").code(), absl::StatusCode::kNotFound);
}

TEST_F(DurableFileTest, ReadingStopsAtTheLimit) {
  ASSERT_TRUE(WriteDurably(folder_ + "/f", std::string(1000, 'x')).ok());
  EXPECT_EQ(ReadFile(folder_ + "/f", 999).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(DurableFileTest, FailedWriteKeepsTheOldContent) {
  const std::string path = folder_ + "/f";
  ASSERT_TRUE(WriteDurably(path, "old").ok());
  // A file-size limit makes write(2) fail half-way, as a full disk does.
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, SIG_IGN);
  const rlimit small{4096, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const absl::Status status = WriteDurably(path, std::string(100'000, 'x'));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(*ReadFile(path, 100), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1) << "partial file left behind";
}

TEST(ErrnoStatusTest, CodesSayWhatKindOfTroubleItIs) {
  EXPECT_EQ(ErrnoStatus(ENOSPC, "w").code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ErrnoStatus(EACCES, "w").code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ErrnoStatus(ENOENT, "w").code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ErrnoStatus(EIO, "w").code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace crosscall::shared
