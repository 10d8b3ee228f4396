#include "controller/metrics/detail.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crosscall::metrics {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(DetailTest, APairIsAScenarioOnATargetSystem) {
  for (const char* text : {"ping-pong", "ping-pong:signal"}) {
    const absl::StatusOr<Pair> pair = ParsePair(text);
    ASSERT_TRUE(pair.ok()) << pair.status();
    EXPECT_EQ(pair->scenario, "ping-pong");
    EXPECT_EQ(pair->target_system, v1::TARGET_SYSTEM_SIGNAL);
  }
}

TEST(DetailTest, WhatIsNoPairIsSaidAndShownWithoutHarm) {
  for (const char* text : {"", ":", "Ping", "a:b:c", "ping-pong:", "ping-pong:explore", "a\nb:signal"}) {
    const absl::StatusOr<Pair> pair = ParsePair(text);
    EXPECT_EQ(pair.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(pair.status().message()), Not(HasSubstr("\n")));
  }
}

TEST(DetailTest, LevelsShowNoneTheHeadlineOrAllOfTheTrackedPairs) {
  const Pair headline = {.scenario = "ping-pong"};
  const Pair second = {.scenario = "ring"};
  const Pair other = {.scenario = "storm"};
  Detail detail;
  detail.pairs = {headline, second};
  detail.level = Level::kFleet;
  EXPECT_FALSE(detail.ShowsOfBoards(headline));
  detail.level = Level::kBoard;
  EXPECT_TRUE(detail.ShowsOfBoards(headline));
  EXPECT_FALSE(detail.ShowsOfBoards(second));
  EXPECT_TRUE(detail.Tracks(second));
  detail.level = Level::kFull;
  EXPECT_TRUE(detail.ShowsOfBoards(second));
  EXPECT_FALSE(detail.ShowsOfBoards(other));
}

TEST(DetailTest, WithNothingNamedAllIsTracked) {
  const Detail detail;
  EXPECT_TRUE(detail.Tracks("a/b/c"));
  EXPECT_TRUE(detail.ShowsOfBoards({.scenario = "ring"}));
}

}  // namespace
}  // namespace crosscall::metrics
