#include "agent/explore/step_races.h"

#include <gtest/gtest.h>

namespace crosscall::explore {
namespace {

TEST(StepRaces, TwoAccessesInLastStepsRaceIfOneWrites) {
  StepRaces races(2);
  EXPECT_TRUE(races.Access(0, 7, /*write=*/false));
  EXPECT_TRUE(races.Access(1, 7, /*write=*/false));
  EXPECT_TRUE(races.Access(0, 8, /*write=*/true));
  EXPECT_FALSE(races.Access(1, 8, /*write=*/false));
  EXPECT_FALSE(races.Access(1, 7, /*write=*/true));
  EXPECT_TRUE(races.Access(0, 8, /*write=*/true)) << "its own";
}

TEST(StepRaces, OnlyTheLastStepCounts) {
  StepRaces races(2);
  races.Access(0, 7, /*write=*/true);
  races.BeginStep(0);
  EXPECT_TRUE(races.Access(1, 7, /*write=*/true));
}

TEST(StepRaces, WhatWasReleasedIsKnownToWhoAcquiresThere) {
  StepRaces races(2);
  races.Access(0, 7, /*write=*/true);
  races.Release(0, 1);
  races.Access(0, 8, /*write=*/true);
  races.Acquire(1, 2);
  EXPECT_FALSE(races.Access(1, 7, /*write=*/true)) << "acquired elsewhere";
  races.Acquire(1, 1);
  EXPECT_TRUE(races.Access(1, 7, /*write=*/true));
  EXPECT_FALSE(races.Access(1, 8, /*write=*/false)) << "after the release";
}

TEST(StepRaces, SeveralReleasesPublishEachWhatCameBefore) {
  StepRaces races(2);
  races.Access(0, 7, /*write=*/true);
  races.Release(0, 1);
  races.Access(0, 8, /*write=*/true);
  races.Release(0, 2);
  races.Access(0, 9, /*write=*/true);
  races.Acquire(1, 1);
  EXPECT_FALSE(races.Access(1, 8, /*write=*/true));
  races.Acquire(1, 2);
  EXPECT_TRUE(races.Access(1, 8, /*write=*/true));
  EXPECT_FALSE(races.Access(1, 9, /*write=*/true));
}

TEST(StepRaces, AnObjectThatIsGoneRacesNoMore) {
  StepRaces races(2);
  races.Access(0, 7, /*write=*/true);
  races.Forget(7);
  EXPECT_TRUE(races.Access(1, 7, /*write=*/true));
}

TEST(StepRaces, WhatStillBearsOnTheFutureIsInTheFingerprint) {
  StepRaces races(2);
  Fingerprint none, some, gone;
  races.AddTo(none);
  races.Access(0, 7, /*write=*/true);
  races.AddTo(some);
  races.BeginStep(0);
  races.AddTo(gone);
  EXPECT_NE(none, some);
  EXPECT_EQ(none, gone);
}

}  // namespace
}  // namespace crosscall::explore
