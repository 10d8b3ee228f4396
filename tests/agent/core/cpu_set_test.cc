#include "agent/core/cpu_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace crosscall::core {
namespace {

std::vector<CpuId> Members(const CpuSet& set) {
  std::vector<CpuId> members;
  for (const CpuId cpu : Each(set)) members.push_back(cpu);
  return members;
}

TEST(CpuSetTest, VisitsMembersInAscendingOrderAcrossWords) {
  CpuSet set;
  for (const CpuId cpu : {1023U, 0U, 64U, 63U, 500U}) set.Add(cpu);
  EXPECT_THAT(Members(set), testing::ElementsAre(0, 63, 64, 500, 1023));
  EXPECT_EQ(set.Count(), 5U);
}

TEST(CpuSetTest, NextOfTheLastMemberIsNone) {
  const CpuSet set = CpuSet::Of(kMaxCpus - 1);
  EXPECT_EQ(set.Next(0), kMaxCpus - 1);
  EXPECT_EQ(set.Next(kMaxCpus), kNoCpu);
}

TEST(CpuSetTest, CpusOutOfRangeAreNoMembers) {
  const CpuSet all = CpuSet::First(kMaxCpus);
  EXPECT_EQ(all.Count(), kMaxCpus);
  EXPECT_FALSE(all.Has(kMaxCpus));
  EXPECT_FALSE(all.Has(kNoCpu));
}

TEST(CpuSetTest, IntersectionAndUnion) {
  CpuSet low = CpuSet::First(70);
  CpuSet one = CpuSet::Of(69);
  one.Add(100);
  EXPECT_EQ(low & one, CpuSet::Of(69));
  EXPECT_EQ((low | one).Count(), 71U);
  low.Remove(69);
  EXPECT_TRUE((low & one).Empty());
}

}  // namespace
}  // namespace crosscall::core
