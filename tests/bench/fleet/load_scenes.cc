// Scenes about how much: what the controller uses, and what it lets boards do.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "proto/shared/clock.h"
#include "tests/bench/fleet/scenes.h"

namespace crosscall::fleet {
namespace {

constexpr double kIdleLimitPercent = 10;
constexpr double kBusyLimitPercent = 95;
constexpr double kResultsAnHour = 10'000;
constexpr double kRestartLimitSeconds = 5;

absl::Duration Now() { return shared::SystemClock().Monotonic(); }

absl::Duration OwnCpuTime() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return absl::DurationFromTimeval(usage.ru_utime) + absl::DurationFromTimeval(usage.ru_stime);
}

// What the controller and this process used of a core since it was made.
class CpuMeter {
 public:
  explicit CpuMeter(const ControllerProcess& controller)
      : controller_(controller), start_(Now()), own_(OwnCpuTime()), its_(controller.CpuTime()) {}

  struct Percent {
    double controller;
    double fleet;
  };
  absl::StatusOr<Percent> Read() const {
    const absl::StatusOr<absl::Duration> its = controller_.CpuTime();
    if (!its_.ok()) return its_.status();
    if (!its.ok()) return its.status();
    const absl::Duration span = Now() - start_;
    return Percent{.controller = 100 * absl::FDivDuration(*its - *its_, span),
                   .fleet = 100 * absl::FDivDuration(OwnCpuTime() - own_, span)};
  }

 private:
  const ControllerProcess& controller_;
  const absl::Duration start_;
  const absl::Duration own_;
  const absl::StatusOr<absl::Duration> its_;
};

std::string Used(const CpuMeter::Percent& used) {
  return absl::StrFormat("controller %.1f %%, fleet %.1f %% of a core", used.controller, used.fleet);
}

// Boards that measured until the sweep was over, of the time from the call to CreateSweep.
double BusyPercent(const BoardTime& board, absl::Duration sent) {
  return 100 * absl::FDivDuration(board.busy, board.last_end - sent);
}

}  // namespace

absl::Status IdleScene(Stage& stage) {
  const CpuMeter meter(stage.controller);
  // Not for anything to happen: that time passes is what is measured.
  std::this_thread::sleep_for(absl::ToChronoNanoseconds(stage.sizes.idle));
  const absl::StatusOr<CpuMeter::Percent> used = meter.Read();
  if (!used.ok()) return used.status();
  stage.figures.AtMost(absl::StrCat("controller, ", stage.boards.size(), " idle agents"), used->controller,
                       kIdleLimitPercent, "% core");
  stage.figures.Note(absl::StrCat("for ", absl::FormatDuration(stage.sizes.idle), "; ", Used(*used)));
  return absl::OkStatus();
}

absl::Status BusyScene(Stage& stage) {
  const std::size_t boards = std::min<std::size_t>(stage.sizes.busy_boards, stage.boards.size());
  const std::uint64_t trials = boards * stage.sizes.busy_trials;
  const CpuMeter meter(stage.controller);
  const absl::StatusOr<Asked> asked =
      stage.user.Ask({.boards = {stage.boards.begin(), stage.boards.begin() + static_cast<std::ptrdiff_t>(boards)},
                      .repetitions = stage.sizes.busy_trials,
                      .trial_time = stage.sizes.busy_trial_time});
  if (!asked.ok()) return asked.status();
  const absl::StatusOr<SweepTime> done = stage.fleet.logbook().AwaitDeliveries(asked->sweep, trials, kPatience);
  if (!done.ok()) return done.status();
  const absl::StatusOr<CpuMeter::Percent> used = meter.Read();
  if (!used.ok()) return used.status();
  double sum = 0;
  double least = 100;
  for (const auto& [name, board] : done->boards) {
    const double percent = BusyPercent(board, asked->sent);
    sum += percent;
    least = std::min(least, percent);
  }
  const std::string length = absl::FormatDuration(stage.sizes.busy_trial_time);
  stage.figures.AtLeast(absl::StrCat("boards measure, with trials of ", length),
                        sum / static_cast<double>(done->boards.size()), kBusyLimitPercent, "% time");
  stage.figures.Note(absl::StrFormat("%d boards, %d trials each; the least busy one %.2f %%; %s", boards,
                                     stage.sizes.busy_trials, least, Used(*used)));
  return absl::OkStatus();
}

absl::Status FloodScene(Stage& stage) {
  const std::uint64_t trials = stage.boards.size() * stage.sizes.flood_trials;
  const CpuMeter meter(stage.controller);
  const absl::StatusOr<Asked> asked = stage.user.Ask({.boards = stage.boards, .repetitions = stage.sizes.flood_trials});
  if (!asked.ok()) return asked.status();
  const absl::StatusOr<SweepTime> done = stage.fleet.logbook().AwaitDeliveries(asked->sweep, trials, kPatience);
  if (!done.ok()) return done.status();
  const absl::StatusOr<CpuMeter::Percent> used = meter.Read();
  if (!used.ok()) return used.status();
  const absl::Duration span = done->last_delivery - asked->sent;
  stage.figures.AtLeast("results taken, with trials of no length",
                        absl::FDivDuration(absl::Hours(1), span) * static_cast<double>(trials), kResultsAnHour, "1/h");
  stage.figures.Note(absl::StrCat(trials, " results in ",
                                  absl::FormatDuration(absl::Trunc(span, absl::Milliseconds(1))), "; ", Used(*used)));
  return absl::OkStatus();
}

absl::Status RestartScene(Stage& stage) {
  // Half of the boards work through it; each has one trial more after it.
  const std::vector<std::string> busy(stage.boards.begin(),
                                      stage.boards.begin() + static_cast<std::ptrdiff_t>(stage.boards.size() / 2));
  const absl::StatusOr<Asked> asked =
      stage.user.Ask({.boards = busy, .repetitions = 2, .trial_time = stage.sizes.restart_trial_time});
  if (!asked.ok()) return asked.status();
  Logbook& logbook = stage.fleet.logbook();
  if (absl::StatusOr<SweepTime> started = logbook.AwaitLease(asked->sweep, kPatience); !started.ok()) {
    return started.status();
  }
  const absl::Duration begin = Now();
  if (absl::Status status = stage.controller.Stop(); !status.ok()) return status;
  logbook.ForgetContacts();
  const absl::Duration stopped = Now();
  if (absl::Status status = stage.controller.StartAgain(); !status.ok()) return status;
  const absl::Duration serving = Now();
  if (absl::Status status = logbook.AwaitContacts(stage.boards.size(), kPatience); !status.ok()) return status;
  const absl::Duration back = Now();
  const absl::StatusOr<v1::Sweep> ended = stage.user.AwaitEnd(asked->sweep);
  if (!ended.ok()) return ended.status();
  const v1::SweepProgress& progress = ended->progress();
  stage.figures.AtMost(absl::StrCat("controller restart, until it has heard ", stage.boards.size(), " agents"),
                       absl::ToDoubleSeconds(back - begin), kRestartLimitSeconds, "s");
  stage.figures.Note(absl::StrCat("SIGTERM to its end ", Millis(stopped - begin), ", its start until it serves ",
                                  Millis(serving - stopped), ", until the last agent's back-off was over ",
                                  Millis(back - serving)));
  if (progress.completed_count() != progress.total_count() || progress.lost_attempt_count() != 0) {
    return absl::InternalError(absl::StrCat("a restart while boards work cost results: ", progress.DebugString()));
  }
  stage.figures.Note(absl::StrCat("with ", busy.size(), " boards at work: ", progress.total_count(),
                                  " trials completed, none lost or begun twice"));
  return absl::OkStatus();
}

}  // namespace crosscall::fleet
