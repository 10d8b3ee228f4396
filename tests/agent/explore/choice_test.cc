#include "agent/explore/choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/status/status.h"

namespace crosscall::explore {
namespace {

using testing::HasSubstr;

TEST(ScheduleText, ComesBackAsItWent) {
  Schedule all;
  for (const u8 cpu : {0, 1, 5, 255}) {
    for (const Move move : {Move::kStep, Move::kTakeIpi, Move::kLateIpi, Move::kDevice, Move::kExtraIpi}) {
      for (const u16 variant : {0, 1, 10, 65535}) all.push_back(Choice{cpu, move, variant});
    }
  }
  const auto parsed = ParseSchedule(FormatSchedule(all));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, all);
}

TEST(ScheduleText, IsOneShortWordAStep) {
  EXPECT_EQ(FormatSchedule({{0, Move::kStep, 0},
                            {0, Move::kStep, 2},
                            {1, Move::kTakeIpi, 0},
                            {1, Move::kLateIpi, 0},
                            {0, Move::kDevice, 1},
                            {0, Move::kDevice, 0},
                            {1, Move::kExtraIpi, 0}}),
            "0 0.2 1i 1l 0d1 0d0 1x");
}

TEST(ScheduleText, OfNoStepsIsEmpty) {
  EXPECT_EQ(FormatSchedule({}), "");
  const auto parsed = ParseSchedule("");
  ASSERT_TRUE(parsed.ok());
  EXPECT_TRUE(parsed->empty());
}

TEST(ScheduleText, MayHaveMoreThanOneBlankBetweenSteps) {
  const auto parsed = ParseSchedule("  0   1i ");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, (Schedule{{0, Move::kStep, 0}, {1, Move::kTakeIpi, 0}}));
}

TEST(ScheduleText, AWordThatIsNoStepIsNamed) {
  for (const char* const word : {"a", "i", ".1", "256", "-1", "0.65536", "0.-1", "0d1.2", "0i1i", "0?", "0..1", "1q"}) {
    const auto parsed = ParseSchedule(std::string("0 1i ") + word + " 0");
    ASSERT_FALSE(parsed.ok()) << word;
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr("\"" + std::string(word) + "\" is no step"));
  }
}

TEST(Choice, OnlyWhatNobodyOwesIsOptional) {
  EXPECT_FALSE((Choice{0, Move::kStep, 1}.optional()));
  EXPECT_FALSE((Choice{0, Move::kTakeIpi, 0}.optional()));
  EXPECT_FALSE((Choice{0, Move::kLateIpi, 0}.optional()));
  EXPECT_TRUE((Choice{0, Move::kDevice, 0}.optional()));
  EXPECT_TRUE((Choice{0, Move::kExtraIpi, 0}.optional()));
}

}  // namespace
}  // namespace crosscall::explore
