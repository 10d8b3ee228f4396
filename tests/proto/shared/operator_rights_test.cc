#include "proto/shared/operator_rights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace crosscall::shared {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Identity kAnn{"lab", Role::kOperator, "ann"};
constexpr char kUri[] = "crosscall://lab/operator/ann";
constexpr char kBoard[] = "crosscall-right:board";
constexpr char kPower[] = "crosscall-right:power";

OperatorRights Both() {
  OperatorRights rights;
  for (const OperatorRight right : kOperatorRights) rights.Add(right);
  return rights;
}

TEST(OperatorRightsTest, EverySetComesBackFromItsUrisAndNames) {
  for (unsigned set = 0; set < 4; ++set) {
    OperatorRights rights;
    for (const OperatorRight right : kOperatorRights) {
      if ((set >> static_cast<unsigned>(right) & 1U) != 0) rights.Add(right);
    }
    const auto holder = HolderOf(UrisOf({kAnn, rights}));
    ASSERT_TRUE(holder.ok()) << holder.status();
    EXPECT_EQ(*holder, (Holder{kAnn, rights}));
    EXPECT_EQ(*ParseRights(NamesOf(rights)), rights);
  }
  EXPECT_THAT(UrisOf({kAnn, Both()}), ElementsAre(kUri, kBoard, kPower));
  EXPECT_EQ(*ParseRights({"power", "board", "power"}), Both());
}

TEST(OperatorRightsTest, OtherSpellingsAreRefused) {
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {kBoard},
      {kBoard, kUri},
      {kUri, kUri},
      {kUri, "crosscall://lab/admin/ann"},
      {kUri, kPower, kBoard},
      {kUri, kBoard, kBoard},
      {kUri, kBoard, kPower, kPower},
      {kUri, ""},
      {kUri, "crosscall-right:"},
      {kUri, "crosscall-right:root"},
      {kUri, "crosscall-right:Board"},
      {kUri, "CROSSCALL-RIGHT:board"},
      {kUri, "crosscall-right:board "},
      {kUri, "crosscall-right:board,power"},
      {kUri, "crosscall-right://board"},
      {kUri, std::string("crosscall-right:board\0", 22)},
      {kUri, kBoard, "https://example.org/"},
  };
  for (const std::vector<std::string>& uris : wrong) {
    const auto holder = HolderOf(uris);
    EXPECT_EQ(holder.status().code(), absl::StatusCode::kInvalidArgument) << ::testing::PrintToString(uris);
    EXPECT_THAT(std::string(holder.status().message()), HasSubstr("want")) << ::testing::PrintToString(uris);
  }
}

TEST(OperatorRightsTest, OnlyOperatorsHaveRights) {
  for (const char* role : {"agent", "viewer", "admin"}) {
    const std::string uri = std::string("crosscall://lab/") + role + "/ann";
    EXPECT_TRUE(HolderOf({uri}).ok());
    EXPECT_THAT(std::string(HolderOf({uri, kBoard}).status().message()), HasSubstr("are for operators"));
  }
}

TEST(OperatorRightsTest, AnUnknownNameIsNamed) {
  EXPECT_THAT(std::string(ParseRights({"board", "root"}).status().message()),
              HasSubstr("right \"root\": there are board, power"));
}

}  // namespace
}  // namespace crosscall::shared
