#include "agent/ports/board_cpus.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crosscall::ports {
namespace {

using testing::HasSubstr;

TEST(BoardCpusTest, ListsAreFormattedAsRanges) {
  EXPECT_EQ(FormatCpuList({}), "");
  EXPECT_EQ(FormatCpuList({3}), "3");
  EXPECT_EQ(FormatCpuList({0, 1, 2, 3, 6, 8, 9}), "0-3,6,8-9");
}

TEST(BoardCpusTest, ThisProcessMayUseAtLeastOneCpu) { EXPECT_FALSE(UsableBoardCpus().empty()); }

TEST(BoardCpusTest, MissingCpuIsRefusedNamingThoseThatExist) {
  const absl::Status status = CheckBoardCpus({0, 7}, {0, 1, 2, 5}, false);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("board CPU 7"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("CPUs 0-2,5 are usable"));
}

TEST(BoardCpusTest, CpuListedTwiceNeedsOversubscription) {
  const absl::Status status = CheckBoardCpus({1, 0, 1}, {0, 1}, false);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("--oversubscribe"));
  EXPECT_TRUE(CheckBoardCpus({1, 0, 1}, {0, 1}, true).ok());
  EXPECT_TRUE(CheckBoardCpus({1, 0}, {0, 1}, false).ok());
}

TEST(BoardCpusTest, NoCpusAndTooManyAreInvalidArguments) {
  EXPECT_EQ(CheckBoardCpus({}, {0}, false).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CheckBoardCpus(std::vector<core::u32>(1025, 0), {0}, true).code(), absl::StatusCode::kInvalidArgument);
}

TEST(BoardCpusTest, SharingIsSeenWhateverTheOrder) {
  EXPECT_TRUE(SharesBoardCpus({2, 0, 2}));
  EXPECT_FALSE(SharesBoardCpus({2, 0, 1}));
}

}  // namespace
}  // namespace crosscall::ports
