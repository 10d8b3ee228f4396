#include "agent/supervisor/spool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "proto/shared/validate.h"

namespace crosscall::supervisor {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

const shared::AttemptKey kFirst{"sweeps/s1/trials/t1", 1};
const shared::AttemptKey kSecond{"sweeps/s1/trials/t0", 2};

class SpoolTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string folder = ::testing::TempDir() + "/spool-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::unique_ptr<Spool> Open(std::uint64_t limit = kDefaultSpoolBytes) {
    auto spool = Spool::Open(folder_ + "/spool", limit);
    EXPECT_TRUE(spool.ok()) << spool.status();
    return *std::move(spool);
  }
  std::string File(const std::string& name) const { return folder_ + "/spool/" + name; }

  std::string folder_;
};

TEST_F(SpoolTest, ResultsSurviveARestartInTheirOrder) {
  {
    auto spool = Open();
    ASSERT_TRUE(spool->Put(kFirst, "one").ok());
    ASSERT_TRUE(spool->Put(kSecond, "two").ok());
  }
  // The order is told by the files' times, which some file systems keep coarsely.
  std::filesystem::last_write_time(File("s1.t1.1.result"),
                                   std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  auto spool = Open();
  ASSERT_EQ(spool->List().size(), 2u);
  EXPECT_EQ(spool->List()[0].key.trial, kFirst.trial);
  EXPECT_EQ(spool->Read(kFirst).value(), "one");
  EXPECT_EQ(spool->Read(kSecond).value(), "two");
  EXPECT_TRUE(spool->Has(kSecond));
}

TEST_F(SpoolTest, RemovedResultIsGoneForGood) {
  auto spool = Open();
  ASSERT_TRUE(spool->Put(kFirst, "one").ok());
  ASSERT_TRUE(spool->Remove(kFirst).ok());
  EXPECT_TRUE(spool->empty());
  EXPECT_EQ(spool->bytes(), 0u);
  EXPECT_TRUE(spool->Remove(kFirst).ok());
  EXPECT_THAT(Open()->List(), IsEmpty());
}

TEST_F(SpoolTest, SameKeyAgainReplaces) {
  auto spool = Open();
  ASSERT_TRUE(spool->Put(kFirst, "a longer one").ok());
  ASSERT_TRUE(spool->Put(kFirst, "one").ok());
  EXPECT_EQ(spool->List().size(), 1u);
  EXPECT_EQ(spool->Read(kFirst).value(), "one");
  EXPECT_EQ(spool->bytes(), spool->List()[0].bytes);
}

TEST_F(SpoolTest, DamagedFilesAreSetAsideAndCounted) {
  { ASSERT_TRUE(Open()->Put(kFirst, "one").ok()); }
  std::ofstream(File("s1.t1.1.result"), std::ios::app) << "x";
  std::ofstream(File("s1.t2.1.result")) << "short";
  auto spool = Open();
  EXPECT_THAT(spool->List(), IsEmpty());
  EXPECT_EQ(spool->damaged_count(), 2u);
  EXPECT_TRUE(std::filesystem::exists(File("s1.t1.1.result.damaged")));
  EXPECT_EQ(Open()->damaged_count(), 2u);
}

TEST_F(SpoolTest, FileDamagedWhileOpenIsDataLoss) {
  auto spool = Open();
  ASSERT_TRUE(spool->Put(kFirst, "one").ok());
  std::ofstream(File("s1.t1.1.result")) << "rubbish";
  EXPECT_EQ(spool->Read(kFirst).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(spool->empty());
}

TEST_F(SpoolTest, RestsOfBrokenWritesAreDeleted) {
  std::filesystem::create_directories(folder_ + "/spool");
  std::ofstream(File("s1.t1.1.result.tmp")) << "half of a";
  auto spool = Open();
  EXPECT_THAT(spool->List(), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(File("s1.t1.1.result.tmp")));
  EXPECT_EQ(spool->damaged_count(), 0u);
}

TEST_F(SpoolTest, RefusedResultIsKeptForPeople) {
  auto spool = Open();
  ASSERT_TRUE(spool->Put(kFirst, "one").ok());
  ASSERT_TRUE(spool->SetAsideRefused(kFirst).ok());
  EXPECT_TRUE(spool->empty());
  EXPECT_EQ(Open()->refused_count(), 1u);
}

TEST_F(SpoolTest, LimitIsARefusalAndAHealthText) {
  auto spool = Open(shared::kMaxResultBytes + 1000);
  EXPECT_EQ(spool->Problem(), "");
  ASSERT_TRUE(spool->Put(kFirst, std::string(2000, 'x')).ok());
  EXPECT_THAT(spool->Problem(), HasSubstr("full"));
  EXPECT_EQ(spool->Put(kSecond, std::string(shared::kMaxResultBytes, 'x')).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(spool->List().size(), 1u);
  ASSERT_TRUE(spool->Remove(kFirst).ok());
  EXPECT_EQ(spool->Problem(), "");
}

TEST_F(SpoolTest, NamesThatLeaveTheFolderAreRefused) {
  auto spool = Open();
  for (const char* trial : {"sweeps/../trials/x", "x", "sweeps/a/trials/..", "sweeps/a/trials/b/c"}) {
    EXPECT_EQ(spool->Put({trial, 1}, "one").code(), absl::StatusCode::kInvalidArgument) << trial;
  }
}

TEST_F(SpoolTest, FullDiskIsReportedAndNothingIsLost) {
  const std::string small = folder_ + "/spool";
  std::filesystem::create_directories(small);
  if (mount("tmpfs", small.c_str(), "tmpfs", 0, "size=256k") != 0) GTEST_SKIP() << "mounting is not allowed here";
  {
    auto spool = Open();
    EXPECT_TRUE(spool->Put(kFirst, std::string(100'000, 'x')).ok());
    EXPECT_EQ(spool->Put(kSecond, std::string(1'000'000, 'x')).code(), absl::StatusCode::kResourceExhausted);
    EXPECT_THAT(spool->Problem(), HasSubstr("cannot be written"));
    EXPECT_EQ(spool->List().size(), 1u);
    EXPECT_TRUE(spool->Read(kFirst).ok());
    EXPECT_TRUE(spool->Remove(kFirst).ok());
    EXPECT_TRUE(spool->Put(kSecond, "small").ok());
    EXPECT_EQ(spool->Problem(), "");
  }
  EXPECT_EQ(umount(small.c_str()), 0);
}

}  // namespace
}  // namespace crosscall::supervisor
