#include "proto/shared/resource_name.h"

#include <gtest/gtest.h>

namespace crosscall::shared {
namespace {

TEST(ResourceNameTest, IdsAreLowerCaseAndShort) {
  EXPECT_TRUE(IsId("a"));
  EXPECT_TRUE(IsId(std::string(63, 'z')));
  EXPECT_TRUE(IsId("board-7"));
  for (const std::string& bad : {std::string(), std::string(64, 'z'), std::string("Board"), std::string("a/b"),
                                 std::string("a_b"), std::string("a b"), std::string("\xC3\xA9")}) {
    EXPECT_FALSE(IsId(bad)) << bad;
  }
}

TEST(ResourceNameTest, NamesRoundTrip) {
  EXPECT_EQ(*BoardIdOf(BoardName("b1")), "b1");
  EXPECT_EQ(*SweepIdOf(SweepName("s1")), "s1");
  EXPECT_EQ(*ScheduleIdOf(ScheduleName("nightly")), "nightly");
  EXPECT_EQ(*SweepNameOfTrial(TrialName("s1", "t1")), "sweeps/s1");
  const absl::StatusOr<AttemptKey> key = AttemptKeyOf(AttemptName(TrialName("s1", "t1"), 3));
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->trial, "sweeps/s1/trials/t1");
  EXPECT_EQ(key->attempt, 3u);
}

TEST(ResourceNameTest, WrongFormsShowWhatWasFoundAndWhatIsWanted) {
  for (const char* bad : {"", "boards", "boards/", "board/x", "boards/X", "boards/x/y"}) {
    const absl::Status status = BoardIdOf(bad).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << bad;
    EXPECT_NE(status.message().find("boards/{board}"), absl::string_view::npos) << status;
  }
  for (const char* bad : {"sweeps/s/trials/t", "sweeps/s/trials/t/attempts/0", "sweeps/s/trials/t/attempts/x",
                          "sweeps/s/trials/t/attempts/", "sweeps/s/trials/t/attempts/-1", "x/attempts/1"}) {
    EXPECT_EQ(AttemptKeyOf(bad).status().code(), absl::StatusCode::kInvalidArgument) << bad;
  }
}

}  // namespace
}  // namespace crosscall::shared
