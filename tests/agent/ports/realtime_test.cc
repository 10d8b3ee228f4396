#include "agent/ports/realtime.h"

#include <sched.h>

#include <cerrno>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crosscall::ports {
namespace {

using testing::HasSubstr;

constexpr ThreadScheduling kFifo{SCHED_FIFO, kCpuPriority, 0};
constexpr ThreadScheduling kRefused{SCHED_OTHER, 0, EPERM};

TEST(RealtimeTest, FullyGranted) {
  const Scheduling scheduling = DescribeScheduling(true, {kFifo, kFifo}, 0);
  EXPECT_TRUE(scheduling.realtime);
  EXPECT_TRUE(scheduling.memory_locked);
  EXPECT_EQ(scheduling.note, "SCHED_FIFO 50; memory locked");
}

TEST(RealtimeTest, RefusalNamesTheCpuTheReasonAndTheRemedy) {
  const Scheduling scheduling = DescribeScheduling(true, {kFifo, kRefused}, ENOMEM);
  EXPECT_FALSE(scheduling.realtime);
  EXPECT_FALSE(scheduling.memory_locked);
  EXPECT_THAT(scheduling.note, HasSubstr("SCHED_FIFO refused on CPU 1: Operation not permitted"));
  EXPECT_THAT(scheduling.note, HasSubstr("RLIMIT_RTPRIO"));
  EXPECT_THAT(scheduling.note, HasSubstr("memory not locked: Cannot allocate memory"));
}

TEST(RealtimeTest, NotWantedIsSaidAndIsNoRefusal) {
  const Scheduling scheduling = DescribeScheduling(false, {{SCHED_OTHER, 0, 0}}, kNotAsked);
  EXPECT_FALSE(scheduling.realtime);
  EXPECT_EQ(scheduling.note, "SCHED_OTHER; real time not wanted");
}

TEST(RealtimeTest, SharedCpusKeepMemoryUnlocked) {
  EXPECT_THAT(DescribeScheduling(true, {kFifo}, kNotAsked).note, HasSubstr("share board CPUs"));
}

TEST(RealtimeTest, ARefusedRequestLeavesTheOrdinaryPolicy) {
  const RealtimeCalls refusing{[](int) { return EPERM; }, [] { return ENOMEM; }};
  const ThreadScheduling obtained = ObtainScheduling(refusing, kCpuPriority);
  EXPECT_EQ(obtained.refused_with, EPERM);
  EXPECT_EQ(obtained.policy, sched_getscheduler(0));
}

TEST(RealtimeTest, NothingIsAskedForPriorityZero) {
  const RealtimeCalls refusing{[](int) { return EPERM; }, [] { return ENOMEM; }};
  EXPECT_EQ(ObtainScheduling(refusing, 0).refused_with, 0);
}

}  // namespace
}  // namespace crosscall::ports
