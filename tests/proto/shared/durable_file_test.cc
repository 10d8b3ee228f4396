#include "proto/shared/durable_file.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>

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
