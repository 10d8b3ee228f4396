#include "proto/shared/identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace crosscall::shared {
namespace {

using ::testing::HasSubstr;

TEST(IdentityTest, EveryRoleComesBackFromItsUri) {
  for (const Role role : kRoles) {
    const Identity identity{"lab-1", role, "a7"};
    const auto parsed = ParseIdentity(ToUri(identity));
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, identity);
  }
  EXPECT_EQ(ToUri({"lab", Role::kAgent, "a7"}), "crosscall://lab/agent/a7");
}

TEST(IdentityTest, OtherSpellingsAreRefused) {
  const std::string long_name(64, 'a');
  for (const std::string& uri : {std::string(),
                                 std::string("crosscall://"),
                                 std::string("crosscall://lab"),
                                 std::string("crosscall://lab/agent"),
                                 std::string("crosscall://lab/agent/"),
                                 std::string("crosscall:///agent/a"),
                                 std::string("crosscall://lab//a"),
                                 std::string("crosscall://lab/agent/a/"),
                                 std::string("crosscall://lab/agent/a/b"),
                                 std::string("crosscall://lab/agent/a?x"),
                                 std::string("crosscall://lab/agent/a#x"),
                                 std::string("crosscall://lab/agent/a%20"),
                                 std::string("crosscall://lab/agent/A"),
                                 std::string("crosscall://Lab/agent/a"),
                                 std::string("crosscall://lab/AGENT/a"),
                                 std::string("crosscall://lab/root/a"),
                                 std::string("CROSSCALL://lab/agent/a"),
                                 std::string("spiffe://lab/agent/a"),
                                 std::string(" crosscall://lab/agent/a"),
                                 std::string("crosscall://lab/agent/a "),
                                 std::string("crosscall://lab/agent/a\0", 24),
                                 std::string("crosscall://lab/agent/a\n"),
                                 "crosscall://lab/agent/" + long_name,
                                 "crosscall://" + long_name + "/agent/a",
                                 std::string("crosscall://user@lab/agent/a"),
                                 std::string("crosscall://lab:1/agent/a")}) {
    const auto parsed = ParseIdentity(uri);
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument) << uri;
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr("crosscall://LAB/ROLE/NAME")) << uri;
  }
}

TEST(IdentityTest, RoleAndNameAreTakenInTheLab) {
  const auto parsed = ParseIdentityIn("lab", "operator/ann");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(ToUri(*parsed), "crosscall://lab/operator/ann");
  for (const char* text : {"", "operator", "operator/", "/ann", "operator/ann/x", "boss/ann", "operator/Ann"}) {
    EXPECT_FALSE(ParseIdentityIn("lab", text).ok()) << text;
  }
}

}  // namespace
}  // namespace crosscall::shared
