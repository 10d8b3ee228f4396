#include "proto/shared/implementation_id.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace crosscall::shared {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<std::string>& Known() {
  static const std::vector<std::string> known = {"a/spin/mask_all", "a/poll/mask_all", "b/spin/mask_all",
                                                 "b/spin/ipi_open"};
  return known;
}

TEST(ImplementationIdTest, StarStandsForAWholePart) {
  EXPECT_TRUE(MatchesImplementation("*", "a/spin/mask_all"));
  EXPECT_TRUE(MatchesImplementation("*/spin/mask_all", "a/spin/mask_all"));
  EXPECT_TRUE(MatchesImplementation("a", "a/spin/mask_all"));
  EXPECT_FALSE(MatchesImplementation("a*", "a/spin/mask_all"));
  EXPECT_FALSE(MatchesImplementation("a/spin/mask_all/x", "a/spin/mask_all"));
}

TEST(ImplementationIdTest, ExpansionKeepsOrderAndNamesEachOnce) {
  EXPECT_THAT(*ExpandImplementations({"b/*/*", "*/spin/mask_all"}, Known()),
              ElementsAre("a/spin/mask_all", "b/spin/mask_all", "b/spin/ipi_open"));
}

TEST(ImplementationIdTest, PatternThatMatchesNothingNamesThePartsThatExist) {
  const absl::Status status = ExpandImplementations({"a/spin", "c/*"}, Known()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("\"c/*\""));
  EXPECT_THAT(std::string(status.message()), HasSubstr("algorithms: a, b; wait policies: poll, spin"));
}

}  // namespace
}  // namespace crosscall::shared
