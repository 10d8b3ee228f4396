#include "controller/cli/sheet.h"

#include <gtest/gtest.h>

#include "controller/cli/table.h"
#include "controller/cli/units.h"

namespace crosscall::cli {
namespace {

TEST(FormatNanosTest, UnitsKeepThreeDigits) {
  EXPECT_EQ(FormatNanos(0), "0 ns");
  EXPECT_EQ(FormatNanos(999), "999 ns");
  EXPECT_EQ(FormatNanos(1'000), "1.00 us");
  EXPECT_EQ(FormatNanos(9'994), "9.99 us");
  EXPECT_EQ(FormatNanos(9'996), "10.0 us");
  EXPECT_EQ(FormatNanos(18'240), "18.2 us");
  EXPECT_EQ(FormatNanos(99'960), "100 us");
  EXPECT_EQ(FormatNanos(999'600), "1.00 ms");
  EXPECT_EQ(FormatNanos(1'210'000), "1.21 ms");
  EXPECT_EQ(FormatNanos(2'400'000'000), "2.40 s");
  EXPECT_EQ(FormatNanos(3'600'000'000'000), "3600 s");
}

TEST(FormatCountTest, ThousandsAreGrouped) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1'000), "1,000");
  EXPECT_EQ(FormatCount(18'446'744'073'709'551'615U), "18,446,744,073,709,551,615");
}

TEST(FormatWaitTest, RoundsUp) {
  EXPECT_EQ(FormatWait(absl::Milliseconds(1)), "1 s");
  EXPECT_EQ(FormatWait(absl::Seconds(59)), "59 s");
  EXPECT_EQ(FormatWait(absl::Milliseconds(59'001)), "1 min 00 s");
  EXPECT_EQ(FormatWait(absl::Seconds(130)), "2 min 10 s");
  EXPECT_EQ(FormatWait(absl::Seconds(3900)), "1 h 05 min");
}

TEST(FormatInstantTest, UnsetIsEmpty) {
  google::protobuf::Timestamp instant;
  EXPECT_EQ(FormatInstant(instant), "");
  EXPECT_EQ(FormatInstantExactly(instant), "");
  instant.set_seconds(1'767'323'045);
  instant.set_nanos(678'900'000);
  EXPECT_EQ(FormatInstant(instant), "2026-01-02 03:04:05Z");
  EXPECT_EQ(FormatInstantExactly(instant), "2026-01-02T03:04:05.678Z");
}

TEST(EnumWordsTest, ValuesOfNewerPeersAreUnknown) {
  EXPECT_EQ(EnumWords("HANG_CLASS_MASKED_TARGET", "HANG_CLASS_"), "masked target");
  EXPECT_EQ(EnumWords("", "HANG_CLASS_"), "unknown");
}

TEST(ShortenTest, KeepsCharactersWhole) {
  EXPECT_EQ(Shorten("abc", 10), "abc");
  EXPECT_EQ(Shorten("abc\ndef", 10), "abc...");
  EXPECT_EQ(Shorten("abcdefghijk", 10), "abcdefg...");
  EXPECT_EQ(Shorten("abcdef\xC3\xA9xyz", 10), "abcdef...");
}

TEST(FormatTableTest, ColumnsAlign) {
  EXPECT_EQ(FormatTable({{"NAME"}, {"N", Align::kRight}, {"NOTE"}}, {{"a", "1", "x"}, {"longer", "1,000", ""}}),
            "NAME        N  NOTE\n"
            "a           1  x\n"
            "longer  1,000\n");
}

TEST(FormatTableTest, WidthsCountCharactersAndNewlinesStayInside) {
  EXPECT_EQ(FormatTable({{"A"}, {"B"}}, {{"\xC3\xA9\xC3\xA9", "1"}, {"ab", "2\n3"}}),
            "A   B\n"
            "\xC3\xA9\xC3\xA9  1\n"
            "ab  2 3\n");
}

Sheet Sample() {
  Sheet sheet({{"name", "NAME"},
               {"p50_nanos", "P50", Align::kRight},
               {"both", "BOTH", Align::kLeft, Audience::kPeople},
               {"cpus", "CPUS", Align::kLeft, Audience::kScripts},
               {"share", "SHARE"}});
  sheet.Add({Cell::Text("a, \"b\"\n"), Cell::Number(1500, "1.50 us"), Cell::Text("1/2"), Cell::Numbers({0, 1}),
             Cell::Real(0.25, "25 %")});
  sheet.Add({Cell::Text(""), Cell(), Cell(), Cell::Numbers({}), Cell::Real(1.0 / 3, "33 %")});
  return sheet;
}

TEST(SheetTest, PeopleGetATable) {
  EXPECT_EQ(Sample().Render(Format::kTable),
            "NAME         P50  BOTH  SHARE\n"
            "a, \"b\"   1.50 us  1/2   25 %\n"
            "-              -  -     33 %\n");
}

TEST(SheetTest, CsvQuotesAndKeepsExactNumbers) {
  EXPECT_EQ(Sample().Render(Format::kCsv),
            "name,p50_nanos,cpus,share\n"
            "\"a, \"\"b\"\"\n\",1500,0 1,0.25\n"
            ",,,0.33333333333333331\n");
}

TEST(SheetTest, JsonIsOneObjectALineWithTheSameKeys) {
  EXPECT_EQ(Sample().Render(Format::kJson),
            "{\"name\":\"a, \\\"b\\\"\\n\",\"p50_nanos\":1500,\"cpus\":[0,1],\"share\":0.25}\n"
            "{\"name\":\"\",\"p50_nanos\":null,\"cpus\":[],\"share\":0.33333333333333331}\n");
}

TEST(JsonStringTest, ControlCharactersAreEscaped) { EXPECT_EQ(JsonString("\x01\\"), "\"\\u0001\\\\\""); }

}  // namespace
}  // namespace crosscall::cli
