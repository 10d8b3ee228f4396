// Runs of power commands: what they say, how they end, and that none keeps another board's waiting.
#include "controller/power/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <future>
#include <memory>
#include <sstream>
#include <thread>

#include "absl/strings/numbers.h"
#include "tests/controller/power/scripts.h"

namespace crosscall::power {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;

// Ended, and perhaps not reaped yet by whoever inherited it.
bool IsGone(int pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::stringstream text;
  text << stat.rdbuf();
  return !stat || text.str().find(") Z ") != std::string::npos;
}

class RunnerTest : public ::testing::Test {
 protected:
  std::future<Report> Start(const std::string& board, std::vector<std::string> argv,
                            absl::Duration limit = absl::Seconds(60)) {
    const auto promise = std::make_shared<std::promise<Report>>();
    runner_.Run(board, {.argv = std::move(argv), .time_limit = limit},
                [promise](const Report& report) { promise->set_value(report); });
    return promise->get_future();
  }
  Report Run(const std::string& text) { return Start("a", {scripts_.Make("command", text)}).get(); }

  const Scripts scripts_;
  Runner runner_;
};

TEST_F(RunnerTest, ArgumentsArriveAsTheyAreAndBothStreamsComeBack) {
  const std::string echo = scripts_.Make("echo", "printf '%s|' \"$@\"; echo wrong >&2; exit 3");
  const Report report = Start("a", {echo, "two words", "$(reboot)", "*", "off"}).get();
  EXPECT_EQ(report.output, "two words|$(reboot)|*|off|");
  EXPECT_EQ(report.errors, "wrong\n");
  EXPECT_EQ(report.exit_status, 3);
  EXPECT_EQ(report.result, "exit status 3");
}

TEST_F(RunnerTest, WhatCannotBeStartedSaysWhy) {
  const Report report = Start("a", {scripts_.folder() + "/gone", "on"}).get();
  EXPECT_EQ(report.exit_status, -1);
  EXPECT_EQ(report.result, "could not be started: No such file or directory");
}

TEST_F(RunnerTest, OneThatDiesIsNotOneThatSucceeded) {
  const Report report = Run("kill -9 $$");
  EXPECT_EQ(report.exit_status, -1);
  EXPECT_EQ(report.result, "ended by signal 9");
}

TEST_F(RunnerTest, AtTheTimeLimitTheWholeGroupIsKilled) {
  const std::string hang = scripts_.Make("hang", "sleep 100000 & echo $!; wait");
  const Report report = Start("a", {hang}, absl::Milliseconds(500)).get();
  EXPECT_EQ(report.exit_status, -1);
  EXPECT_EQ(report.result, "killed after 500ms");
  int child = 0;
  ASSERT_TRUE(absl::SimpleAtoi(report.output, &child));
  // Killed it is at once; to die takes the kernel a moment.
  while (!IsGone(child)) std::this_thread::yield();
}

TEST_F(RunnerTest, WhatItLeavesRunningHoldsNobodyUp) {
  const Report report = Run("sleep 100000 & echo $!");
  EXPECT_EQ(report.result, "exit status 0");
  int child = 0;
  ASSERT_TRUE(absl::SimpleAtoi(report.output, &child));
  EXPECT_FALSE(IsGone(child));
  kill(child, SIGKILL);
}

TEST_F(RunnerTest, OfEndlessOutputTheEndIsKept) {
  const Report report = Run("i=0; while [ $i -lt 9000 ]; do echo 0123456789; i=$((i+1)); done; echo last");
  EXPECT_EQ(report.output.size(), kOutputBytes);
  EXPECT_THAT(report.output, EndsWith("0123456789\nlast\n"));
}

TEST_F(RunnerTest, ItHasNoInputAndNoDescriptorOfOurs) {
  // `ls` has the folder itself open, too.
  EXPECT_EQ(Run("read line || echo nothing; ls /proc/self/fd | wc -l").output, "nothing\n4\n");
}

TEST_F(RunnerTest, RunsOfOneBoardFollowEachOtherAndOtherBoardsDoNotWait) {
  const std::string fifo = scripts_.folder() + "/fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  // Ends only when somebody writes, which is the run of the other board.
  std::future<Report> first = Start("a", {scripts_.Make("first", "read line < " + fifo + "; echo $line")});
  std::future<Report> second = Start("a", {scripts_.Make("second", "echo second")});
  EXPECT_EQ(Start("b", {scripts_.Make("other", "echo told > " + fifo)}).get().result, "exit status 0");
  EXPECT_EQ(first.get().output, "told\n");
  EXPECT_EQ(second.get().output, "second\n");
}

TEST_F(RunnerTest, StopKillsWhatRunsAndRefusesTheRest) {
  std::future<Report> runs = Start("a", {scripts_.Make("hang", "sleep 100000")});
  std::future<Report> waits = Start("a", {scripts_.Make("never", "echo never")});
  runner_.Stop();
  EXPECT_THAT(runs.get().result, AllOf(HasSubstr("the controller")));
  EXPECT_EQ(waits.get().result, "not started: the controller is stopping");
  EXPECT_EQ(Start("a", {scripts_.Make("late", "echo late")}).get().output, "");
}

}  // namespace
}  // namespace crosscall::power
