#include "controller/access/refusal_limit.h"

#include <gtest/gtest.h>

namespace crosscall::access {
namespace {

TEST(RefusalLimitTest, ABurstIsTakenThenOneEachInterval) {
  RefusalLimit limit(3, absl::Seconds(10));
  const absl::Duration start = absl::Hours(5);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limit.Admit(start), 0u);
  EXPECT_FALSE(limit.Admit(start));
  EXPECT_FALSE(limit.Admit(start + absl::Seconds(9)));
  EXPECT_EQ(limit.Admit(start + absl::Seconds(10)), 2u);
  EXPECT_FALSE(limit.Admit(start + absl::Seconds(19)));
  EXPECT_EQ(limit.Admit(start + absl::Seconds(20)), 1u);
}

TEST(RefusalLimitTest, RestFillsItUpAndNoFurther) {
  RefusalLimit limit(2, absl::Seconds(1));
  absl::Duration now = absl::Hours(1);
  EXPECT_EQ(limit.Admit(now), 0u);
  now += absl::Hours(1000);
  EXPECT_EQ(limit.Admit(now), 0u);
  EXPECT_EQ(limit.Admit(now), 0u);
  EXPECT_FALSE(limit.Admit(now));
}

}  // namespace
}  // namespace crosscall::access
