// Scenes about how soon: one trial after the other, on boards that are idle.
#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "proto/shared/clock.h"
#include "tests/bench/fleet/board_process.h"
#include "tests/bench/fleet/scenes.h"

namespace crosscall::fleet {
namespace {

constexpr double kAdHocLimitMillis = 20;
constexpr double kStoppedRatioLimit = 1.2;
// The board that is stopped holds a lease for as long as a round may ever take.
constexpr absl::Duration kHeldTrial = absl::Minutes(5);

absl::Duration Now() { return shared::SystemClock().Monotonic(); }

// Trials on all boards in turn until the stretch is over.
absl::Status DispatchFor(Stage& stage, absl::Duration stretch, std::vector<absl::Duration>& samples) {
  const absl::Duration end = Now() + stretch;
  for (std::size_t next = 0; Now() < end; ++next) {
    absl::StatusOr<absl::Duration> sample = DispatchOnce(stage, stage.boards[next % stage.boards.size()]);
    if (!sample.ok()) return sample.status();
    samples.push_back(*sample);
  }
  return absl::OkStatus();
}

// One stretch with a board that holds a lease, stopped or not.
absl::Status Stretch(Stage& stage, BoardProcess& held, const std::string& held_board, bool stopped,
                     std::vector<absl::Duration>& samples) {
  const absl::StatusOr<Asked> asked = stage.user.Ask({.boards = {held_board}, .trial_time = kHeldTrial});
  if (!asked.ok()) return asked.status();
  if (absl::Status status = held.AwaitTrial(); !status.ok()) return status;
  if (stopped) {
    if (absl::Status status = held.Freeze(); !status.ok()) return status;
  }
  const absl::Status status = DispatchFor(stage, stage.sizes.stop_stretch, samples);
  if (stopped) held.Thaw();
  if (!status.ok()) return status;
  if (absl::Status cancelled = stage.user.Cancel(asked->sweep); !cancelled.ok()) return cancelled;
  return stage.user.AwaitEnd(asked->sweep).status();
}

}  // namespace

absl::StatusOr<absl::Duration> DispatchOnce(Stage& stage, const std::string& board) {
  const absl::StatusOr<Asked> asked = stage.user.Ask({.boards = {board}});
  if (!asked.ok()) return asked.status();
  Logbook& logbook = stage.fleet.logbook();
  const absl::StatusOr<SweepTime> done = logbook.AwaitDeliveries(asked->sweep, 1, kPatience);
  if (!done.ok()) return done.status();
  logbook.Forget(asked->sweep);
  return done->first_lease - asked->sent;
}

absl::Status AdHocScene(Stage& stage) {
  std::vector<absl::Duration> samples;
  for (std::uint32_t trial = 0; trial < stage.sizes.ad_hoc_trials; ++trial) {
    absl::StatusOr<absl::Duration> sample = DispatchOnce(stage, stage.boards[trial % stage.boards.size()]);
    if (!sample.ok()) return sample.status();
    samples.push_back(*sample);
  }
  stage.figures.AtMost("ad-hoc trial on an idle board starts, p99", absl::ToDoubleMilliseconds(Quantile(samples, 0.99)),
                       kAdHocLimitMillis, "ms");
  stage.figures.Note(absl::StrCat("from the call to CreateSweep until the board has the lease; ", samples.size(),
                                  " trials, p50 ", Millis(Quantile(samples, 0.5)), ", max ",
                                  Millis(Quantile(samples, 1))));
  return absl::OkStatus();
}

absl::Status StoppedAgentScene(Stage& stage) {
  const std::string board = "boards/stopped";
  const absl::StatusOr<std::unique_ptr<BoardProcess>> held = BoardProcess::Start(stage.controller.address(), board);
  if (!held.ok()) return held.status();
  std::vector<absl::Duration> with;
  std::vector<absl::Duration> without;
  for (std::uint32_t round = 0; round < stage.sizes.stop_rounds; ++round) {
    // Each comes first as often as the other: what drifts meets both.
    for (const bool stopped : {round % 2 == 0, round % 2 != 0}) {
      absl::Status status = Stretch(stage, **held, board, stopped, stopped ? with : without);
      if (!status.ok()) return status;
    }
  }
  const absl::Duration p99_with = Quantile(with, 0.99);
  const absl::Duration p99_without = Quantile(without, 0.99);
  stage.figures.AtMost("dispatch p99 to others, one agent stopped / none", absl::FDivDuration(p99_with, p99_without),
                       kStoppedRatioLimit, "times");
  stage.figures.Note(absl::StrCat("stopped: ", with.size(), " trials, p50 ", Millis(Quantile(with, 0.5)), ", p99 ",
                                  Millis(p99_with), "; running: ", without.size(), " trials, p50 ",
                                  Millis(Quantile(without, 0.5)), ", p99 ", Millis(p99_without)));
  stage.figures.Note(absl::StrCat("an agent in a process of its own, by SIGSTOP with a lease and its connection open, ",
                                  "against the same agent with a lease and running; ", stage.sizes.stop_rounds,
                                  " stretches of ", absl::FormatDuration(stage.sizes.stop_stretch), " each, in turn"));
  return absl::OkStatus();
}

}  // namespace crosscall::fleet
