#include "agent/core/epochs.h"

#include <gtest/gtest.h>

#include "tests/agent/core/step_port.h"
#include "tests/contract/rig.h"

namespace crosscall::core {
namespace {

class EpochsTest : public testing::Test {
 protected:
  contract::ZeroedMemory memory_{Epochs<StepPort>::BytesNeeded(3)};
  Arena arena_{memory_.address(), memory_.bytes()};
  Epochs<StepPort> epochs_{3, arena_};
};

TEST_F(EpochsTest, GracePeriodPassesAtOnceWithoutReaders) { EXPECT_TRUE(epochs_.Passed(epochs_.Retired())); }

TEST_F(EpochsTest, ReaderFromBeforeBlocksUntilItLeaves) {
  epochs_.Enter(1);
  const u64 retired = epochs_.Retired();
  EXPECT_FALSE(epochs_.Passed(retired));
  EXPECT_FALSE(epochs_.Passed(retired)) << "asking again moves nothing past a reader";
  epochs_.Exit(1);
  EXPECT_TRUE(epochs_.Passed(retired));
}

TEST_F(EpochsTest, ReaderThatEntersWhileAnotherIsInsideBlocksToo) {
  epochs_.Enter(0);
  const u64 retired = epochs_.Retired();
  EXPECT_FALSE(epochs_.Passed(retired));  // The epoch has moved on once.
  epochs_.Enter(2);
  epochs_.Exit(0);
  EXPECT_FALSE(epochs_.Passed(retired)) << "it may have entered without knowing of the unlinking";
  epochs_.Exit(2);
  EXPECT_TRUE(epochs_.Passed(retired));
}

TEST_F(EpochsTest, ReadersOfLaterEpochsDoNotBlock) {
  const u64 retired = epochs_.Retired();
  EXPECT_TRUE(epochs_.Passed(retired));
  epochs_.Enter(2);
  EXPECT_TRUE(epochs_.Passed(retired));
  epochs_.Exit(2);
}

}  // namespace
}  // namespace crosscall::core
