#include "proto/shared/sanitize.h"

#include <gtest/gtest.h>

#include <string>

namespace crosscall::shared {
namespace {

using std::string_literals::operator""s;

constexpr char kBad[] = "\xEF\xBF\xBD";

TEST(SanitizeTest, ValidTextIsKept) {
  EXPECT_EQ(CleanText("Cortex-A57 \xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", 100),
            "Cortex-A57 \xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
}

TEST(SanitizeTest, EveryKindOfInvalidUtf8BecomesTheReplacementCharacter) {
  EXPECT_EQ(CleanText("\xFF", 100), kBad);
  EXPECT_EQ(CleanText("\x80", 100), kBad);
  EXPECT_EQ(CleanText("\xC0\xAF", 100), std::string(kBad) + kBad);             // overlong
  EXPECT_EQ(CleanText("\xED\xA0\x80", 100), std::string(kBad) + kBad + kBad);  // surrogate
  EXPECT_EQ(CleanText("\xF4\x90\x80\x80", 100), std::string(kBad) + kBad + kBad + kBad);
  EXPECT_EQ(CleanText("\xE2\x82", 100), std::string(kBad) + kBad);  // cut short
  EXPECT_EQ(CleanText("a\xE2(b", 100), std::string("a") + kBad + "(b");
}

TEST(SanitizeTest, ControlCharactersBecomeSpaces) { EXPECT_EQ(CleanText("a\0b\nc\td\x7F"s, 100), "a b c d "); }

TEST(SanitizeTest, ReportsKeepTheirLayout) { EXPECT_EQ(CleanReport("a\n\tb\r\x1B[0m", 100), "a\n\tb  [0m"); }

TEST(SanitizeTest, TextIsCutAtACharacter) {
  EXPECT_EQ(CleanText("ab\xC3\xA9", 3), "ab");
  EXPECT_EQ(CleanText("ab\xC3\xA9", 4), "ab\xC3\xA9");
  EXPECT_EQ(CleanText("\xFF\xFF", 5), kBad);
}

TEST(SanitizeTest, EmptyLabelBecomesUnknown) {
  EXPECT_EQ(CleanLabel(""), "unknown");
  EXPECT_EQ(CleanLabel(std::string(10'000, 'x')).size(), kLabelBytes);
}

}  // namespace
}  // namespace crosscall::shared
