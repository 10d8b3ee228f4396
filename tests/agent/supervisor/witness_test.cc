#include "agent/supervisor/witness.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace crosscall::supervisor {
namespace {

// Only a test that has failed waits that long.
constexpr absl::Duration kPatience = absl::Minutes(2);

// The one child of this process; 0 if there is none.
pid_t OnlyChild() {
  std::ifstream children(absl::StrCat("/proc/self/task/", getpid(), "/children"));
  pid_t pid = 0;
  children >> pid;
  return pid;
}

bool Comes(const std::function<bool()>& condition) {
  const absl::Time limit = absl::Now() + kPatience;
  while (!condition()) {
    if (absl::Now() > limit) return false;
    std::this_thread::yield();
  }
  return true;
}

TEST(Witness, ItCountsWhileItRunsAndStandsWhileItIsStopped) {
  const auto witness = Witness::Start();
  ASSERT_TRUE(witness.ok()) << witness.status();
  ASSERT_TRUE(Comes([&] { return *(*witness)->Ran() >= 2 * Witness::kStep; }));
  const pid_t pid = OnlyChild();
  ASSERT_NE(pid, 0);
  ASSERT_EQ(kill(pid, SIGSTOP), 0);
  siginfo_t stopped = {};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(pid), &stopped, WSTOPPED | WNOWAIT), 0);
  const absl::Duration then = *(*witness)->Ran();
  const absl::Time until = absl::Now() + 4 * Witness::kStep;
  ASSERT_TRUE(Comes([&] { return absl::Now() > until; }));
  EXPECT_EQ(*(*witness)->Ran(), then);
  ASSERT_EQ(kill(pid, SIGCONT), 0);
  EXPECT_TRUE(Comes([&] { return *(*witness)->Ran() > then; }));
}

TEST(Witness, WhatEndsTheAgentDoesNotEndItAndOnceGoneItSaysNothing) {
  const auto witness = Witness::Start();
  ASSERT_TRUE(witness.ok());
  // From its first step on it ignores them.
  ASSERT_TRUE(Comes([&] { return *(*witness)->Ran() > absl::ZeroDuration(); }));
  const pid_t pid = OnlyChild();
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) ASSERT_EQ(kill(pid, number), 0);
  const absl::Duration then = *(*witness)->Ran();
  EXPECT_TRUE(Comes([&] { return (*witness)->Ran().value_or(then) > then; }));
  ASSERT_EQ(kill(pid, SIGKILL), 0);
  EXPECT_TRUE(Comes([&] { return !(*witness)->Ran(); }));
}

TEST(Witness, ItHoldsNothingOfTheAgentAndEndsWithIt) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  {
    const auto witness = Witness::Start();
    ASSERT_TRUE(witness.ok());
    close(ends[1]);
    // Nobody writes to it any more, though the witness lives.
    pollfd end = {.fd = ends[0], .events = POLLIN, .revents = 0};
    EXPECT_EQ(poll(&end, 1, static_cast<int>(absl::ToInt64Milliseconds(kPatience))), 1);
    EXPECT_NE(end.revents & POLLHUP, 0);
    EXPECT_NE(OnlyChild(), 0);
  }
  EXPECT_EQ(OnlyChild(), 0);
  close(ends[0]);
}

}  // namespace
}  // namespace crosscall::supervisor
