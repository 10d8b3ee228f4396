#include "agent/core/implementation.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <string>

namespace crosscall::core {
namespace {

std::string Name(const Implementation& implementation) {
  char out[kImplementationNameBytes];
  const usize length = Format(implementation, out, sizeof out);
  EXPECT_EQ(length, std::strlen(out));
  return out;
}

bool Parses(const std::string& text) {
  Implementation ignored;
  return Parse(text.data(), text.size(), ignored);
}

TEST(ImplementationTest, AllSeventyHaveNamesThatParseBack) {
  std::set<std::string> names;
  for (const Implementation& implementation : kImplementations) {
    const std::string name = Name(implementation);
    Implementation back;
    ASSERT_TRUE(Parse(name.data(), name.size(), back)) << name;
    EXPECT_EQ(back, implementation) << name;
    names.insert(name);
  }
  EXPECT_EQ(names.size(), 70U);
}

TEST(ImplementationTest, OrderOfTheGridIsFixed) {
  EXPECT_EQ(Name(kImplementations[0]), "call_lock/spin/mask_all");
  EXPECT_EQ(Name(kImplementations[1]), "call_lock/spin/ipi_open");
  EXPECT_EQ(Name(kImplementations[12]), "generic_2008/poll_completion/mask_all");
  EXPECT_EQ(Name(kImplementations[49]), "mailbox_grid/fail_fast/ipi_open");
  EXPECT_EQ(Name(kImplementations[50]), "server_loop/spin/mask_all");
  EXPECT_EQ(Name(kImplementations[69]), "rendezvous/fail_fast/ipi_open");
}

TEST(ImplementationTest, OtherTextsAreRefused) {
  for (const char* text : {"", "/", "call_lock", "call_lock/spin", "call_lock/spin/", "call_lock/spin/mask_all/",
                           "call_lock/spin/mask_all ", "call_lock/spinn/mask_all", "Call_lock/spin/mask_all",
                           "call_lock//mask_all", "spin/call_lock/mask_all", "call_lock/*/mask_all"}) {
    EXPECT_FALSE(Parses(text)) << '"' << text << '"';
  }
}

TEST(ImplementationTest, RefusedTextLeavesTheResultAlone) {
  const Implementation before = kImplementations[33];
  Implementation after = before;
  EXPECT_FALSE(Parse("call_lock/spin/nothing", 22, after));
  EXPECT_EQ(after, before);
}

TEST(ImplementationTest, NameIsCutToFit) {
  char out[10];
  EXPECT_EQ(Format(kImplementations[0], out, sizeof out), std::strlen("call_lock/spin/mask_all"));
  EXPECT_STREQ(out, "call_lock");
  EXPECT_GT(Format(kImplementations[0], nullptr, 0), 0U);
}

}  // namespace
}  // namespace crosscall::core
