#include "tests/agent/core/freestanding.h"

#include <gtest/gtest.h>

namespace crosscall::core {
namespace {

TEST(FreestandingTest, CoreBuiltWithoutAnyLibraryRuns) {
  for (u32 i = 0; i < kAlgorithmCount; ++i) {
    EXPECT_EQ(FreestandingRuns(static_cast<AlgorithmKind>(i)), 2U) << kAlgorithmNames[i];
  }
}

}  // namespace
}  // namespace crosscall::core
