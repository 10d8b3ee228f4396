#include "controller/cli/progress.h"

#include <gtest/gtest.h>

#include <sstream>

#include "tests/controller/cli/fake_clock.h"

namespace crosscall::cli {
namespace {

v1::Sweep SweepAt(std::uint64_t completed, std::uint64_t hung, v1::Sweep::State state = v1::Sweep::STATE_RUNNING) {
  v1::Sweep sweep;
  sweep.set_name("sweeps/s");
  sweep.set_state(state);
  sweep.mutable_progress()->set_total_count(20);
  sweep.mutable_progress()->set_completed_count(completed);
  sweep.mutable_progress()->set_hung_count(hung);
  sweep.mutable_progress()->set_running_count(1);
  return sweep;
}

TEST(ProgressTextTest, CountsThatAreZeroAreLeftOut) {
  EXPECT_EQ(ProgressText(SweepAt(5, 0), std::nullopt), "5/20 trials (25 %)");
  v1::Sweep sweep = SweepAt(5, 2);
  sweep.mutable_progress()->set_refused_count(1);
  sweep.mutable_progress()->set_invalid_attempt_count(3);
  EXPECT_EQ(ProgressText(sweep, 0.5), "8/20 trials (40 %), 0.5/s, 24 s left; hung 2, refused 1, invalid attempts 3");
}

TEST(ProgressTextTest, NothingIsLeftAtTheEnd) { EXPECT_EQ(ProgressText(SweepAt(20, 0), 2.0), "20/20 trials (100 %)"); }

TEST(ProgressTest, TerminalLineIsRewrittenWithRateAndEta) {
  std::ostringstream out;
  FakeClock clock;
  Progress progress(out, true, clock);
  progress.Show(SweepAt(0, 0));
  clock.Advance(absl::Seconds(2));
  progress.Show(SweepAt(4, 0));
  progress.Finish();
  progress.Finish();
  EXPECT_EQ(out.str(),
            "\rsweeps/s running: 0/20 trials (0 %)\x1b[K"
            "\rsweeps/s running: 4/20 trials (20 %), 2/s, 8 s left\x1b[K\n");
}

TEST(ProgressTest, PipeGetsPlainLinesNowAndThen) {
  std::ostringstream out;
  FakeClock clock;
  Progress progress(out, false, clock);
  progress.Show(SweepAt(0, 0));
  clock.Advance(absl::Seconds(1));
  progress.Show(SweepAt(2, 0));
  clock.Advance(absl::Seconds(3));
  progress.Show(SweepAt(4, 1));
  clock.Advance(absl::Milliseconds(1));
  progress.Show(SweepAt(19, 1, v1::Sweep::STATE_SUCCEEDED));
  progress.Finish();
  EXPECT_EQ(out.str(),
            "sweeps/s running: 0/20 trials (0 %)\n"
            "sweeps/s running: 5/20 trials (25 %), 1.25/s, 12 s left; hung 1\n"
            "sweeps/s succeeded: 20/20 trials (100 %); hung 1\n");
}

TEST(ProgressTest, RateCountsFromWhenItWasFirstSeenRunning) {
  std::ostringstream out;
  FakeClock clock;
  Progress progress(out, true, clock);
  v1::Sweep waiting = SweepAt(0, 0, v1::Sweep::STATE_PENDING);
  waiting.mutable_progress()->set_running_count(0);
  progress.Show(waiting);
  clock.Advance(absl::Seconds(100));
  progress.Show(SweepAt(10, 0));
  clock.Advance(absl::Seconds(1));
  progress.Show(SweepAt(15, 0));
  EXPECT_TRUE(out.str().find("15/20 trials (75 %), 5/s, 1 s left") != std::string::npos) << out.str();
}

TEST(ProgressTest, NoteHasALineOfItsOwn) {
  std::ostringstream out;
  FakeClock clock;
  Progress progress(out, true, clock);
  progress.Show(SweepAt(1, 0));
  progress.Note("connection lost");
  EXPECT_EQ(out.str(), "\rsweeps/s running: 1/20 trials (5 %)\x1b[K\nconnection lost\n");
}

}  // namespace
}  // namespace crosscall::cli
