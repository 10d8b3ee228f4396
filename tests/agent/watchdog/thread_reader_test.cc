#include "agent/watchdog/thread_reader.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace crosscall::watchdog {
namespace {

TEST(ThreadReader, ParsesStateSignalsAndTimes) {
  const ThreadLook look = ParseThread(
      "Name:\tcpu0\nState:\tR (running)\nSigPnd:\t0000000200000000\nSigBlk:\t0000000300000000\n", "123 456 7\n");
  EXPECT_TRUE(look.exists);
  EXPECT_EQ(look.state, 'R');
  EXPECT_EQ(look.pending, 0x200000000u);
  EXPECT_EQ(look.blocked, 0x300000000u);
  EXPECT_EQ(look.ran_nanos, 123u);
  EXPECT_EQ(look.runnable_nanos, 456u);
  EXPECT_EQ(look.time_slices, 7u);
}

TEST(ThreadReader, RubbishIsNoThread) {
  const ThreadLook look = ParseThread("\xff\xfe State\nSigPnd: zz", "x y");
  EXPECT_FALSE(look.exists);
  EXPECT_EQ(look.pending, 0u);
  EXPECT_EQ(look.ran_nanos, 0u);
}

TEST(ThreadReader, SeesItselfRun) {
  const auto self = static_cast<std::uint64_t>(syscall(SYS_gettid));
  const ThreadLook look = ReadThread("/proc", getpid(), self);
  EXPECT_TRUE(look.exists);
  EXPECT_EQ(look.state, 'R');
}

TEST(ThreadReader, ThreadOfAnotherProcessDoesNotExist) { EXPECT_FALSE(ReadThread("/proc", getpid(), 1).exists); }

TEST(ThreadReader, RunningProcessIsNotStoppedAndAMissingOneIs) {
  EXPECT_FALSE(ProcessStopped("/proc", getpid()));
  EXPECT_TRUE(ProcessStopped("/proc", 0x7fffffff));
}

}  // namespace
}  // namespace crosscall::watchdog
