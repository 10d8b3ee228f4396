#include "controller/scheduler/work_order.h"

#include <gtest/gtest.h>

namespace crosscall::scheduler {
namespace {

constexpr WorkClass kMeasure = WorkClass::kMeasure;
constexpr WorkClass kExplore = WorkClass::kExplore;

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
  const SweepRank ranks[] = {{kMeasure, 0, 7},    {kMeasure, 1, 3}, {kMeasure, 1, 4},
                             {kMeasure, 1000, 1}, {kExplore, 0, 9}, {kExplore, 1, 2}};
  for (std::size_t i = 1; i < std::size(ranks); ++i) EXPECT_LT(ranks[i - 1], ranks[i]) << i;
}

}  // namespace
}  // namespace crosscall::scheduler
