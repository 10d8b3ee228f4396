#include "controller/scheduler/work_order.h"

#include <gtest/gtest.h>

namespace crosscall::scheduler {
namespace {

constexpr WorkClass kMeasure = WorkClass::kMeasure;
constexpr WorkClass kExplore = WorkClass::kExplore;
constexpr v1::Sweep::Priority kAdHoc = v1::Sweep::PRIORITY_AD_HOC;
constexpr v1::Sweep::Priority kNightly = v1::Sweep::PRIORITY_NIGHTLY;

TEST(WorkOrderTest, OnlyExplorationsAreExplorations) {
  EXPECT_EQ(WorkClassOf(v1::TARGET_SYSTEM_EXPLORE), kExplore);
  EXPECT_EQ(WorkClassOf(v1::TARGET_SYSTEM_SIGNAL), kMeasure);
  EXPECT_EQ(WorkClassOf(v1::TARGET_SYSTEM_UNSPECIFIED), kMeasure);
}

TEST(WorkOrderTest, InASweepMeasurementsAndTheirRetriesComeBeforeExplorations) {
  const TrialRank ranks[] = {{kMeasure, 0, 1}, {kMeasure, 0, 8}, {kMeasure, 1, 0},
                             {kMeasure, 9, 0}, {kExplore, 0, 2}, {kExplore, 1, 0}};
  for (std::size_t i = 1; i < std::size(ranks); ++i) EXPECT_LT(ranks[i - 1], ranks[i]) << i;
}

TEST(WorkOrderTest, AcrossSweepsMeasurementsComeFirstHoweverManyLeasesTheyHad) {
  const SweepRank ranks[] = {{false, kAdHoc, kMeasure, {}, 0, 7}, {false, kAdHoc, kMeasure, {}, 1, 3},
                             {false, kAdHoc, kMeasure, {}, 1, 4}, {false, kAdHoc, kMeasure, {}, 1000, 1},
                             {false, kAdHoc, kExplore, {}, 0, 9}, {false, kAdHoc, kExplore, {}, 1, 2}};
  for (std::size_t i = 1; i < std::size(ranks); ++i) EXPECT_LT(ranks[i - 1], ranks[i]) << i;
}

TEST(WorkOrderTest, PriorityBeforeKindOfWorkBeforeOwnersBeforeTheirSweeps) {
  const Share little = {absl::Seconds(1), 0};
  const Share little_and_more_boards = {absl::Seconds(1), 1};
  const Share much = {absl::Hours(1), 0};
  const SweepRank ranks[] = {
      {false, kAdHoc, kMeasure, little, 9, 9},   {false, kAdHoc, kMeasure, little_and_more_boards, 0, 1},
      {false, kAdHoc, kMeasure, much, 0, 1},     {false, kAdHoc, kExplore, little, 0, 1},
      {false, kNightly, kMeasure, little, 0, 1}, {false, kNightly, kMeasure, much, 0, 1}};
  for (std::size_t i = 1; i < std::size(ranks); ++i) EXPECT_LT(ranks[i - 1], ranks[i]) << i;
}

TEST(WorkOrderTest, AdHocWorkThatHadItsShareGoesBehindTheNight) {
  const SweepRank nightly = {false, kNightly, kExplore, {absl::Hours(1), 1}, 9, 9};
  EXPECT_LT(nightly, (SweepRank{true, kAdHoc, kMeasure, {}, 0, 1}));
  EXPECT_GT(nightly, (SweepRank{false, kAdHoc, kMeasure, {}, 0, 1}));
}

}  // namespace
}  // namespace crosscall::scheduler
