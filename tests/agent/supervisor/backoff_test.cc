#include "agent/supervisor/backoff.h"

#include <gtest/gtest.h>

namespace crosscall::supervisor {
namespace {

TEST(Backoff, GrowsWithinItsJitterUpToTheCap) {
  Backoff backoff({absl::Seconds(1), 2, absl::Seconds(60)}, 7);
  for (const int plain : {1, 2, 4, 8, 16, 32, 60, 60}) {
    const absl::Duration delay = backoff.Next(absl::ZeroDuration());
    EXPECT_GE(delay, absl::Seconds(plain) * 0.5);
    EXPECT_LE(delay, absl::Seconds(plain) * 1.5);
  }
  backoff.Reset();
  EXPECT_LE(backoff.Next(absl::ZeroDuration()), absl::Seconds(1.5));
}

TEST(Backoff, ServersDelayIsAFloorToWhichJitterOnlyAdds) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Backoff backoff({}, seed);
    EXPECT_GE(backoff.Next(absl::Seconds(5)), absl::Seconds(5));
    EXPECT_GE(backoff.Jittered(absl::Seconds(3)), absl::Seconds(3));
    EXPECT_LE(backoff.Jittered(absl::Seconds(3)), absl::Seconds(3.3));
  }
}

TEST(Backoff, SameSeedSameDelaysAndOtherSeedsOthers) {
  Backoff a({}, 1);
  Backoff b({}, 1);
  Backoff c({}, 2);
  const absl::Duration first = a.Next(absl::ZeroDuration());
  EXPECT_EQ(first, b.Next(absl::ZeroDuration()));
  EXPECT_NE(first, c.Next(absl::ZeroDuration()));
}

}  // namespace
}  // namespace crosscall::supervisor
