// How far a sweep is, while it runs: one rewritten line on a terminal, a few plain lines in a pipe.
#ifndef CONTROLLER_CLI_PROGRESS_H_
#define CONTROLLER_CLI_PROGRESS_H_

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "crosscall/v1/sweep.pb.h"
#include "proto/shared/clock.h"

namespace crosscall::cli {

// Trials that have ended, in any way.
std::uint64_t EndedCount(const v1::SweepProgress& progress);

// "12/21 trials (57 %), 3.2/s, 3 s left; hung 2, refused 1". `rate` is in trials a second, nothing if unknown. Counts
// that are 0 are left out. Pure.
std::string ProgressText(const v1::Sweep& sweep, std::optional<double> rate);

// Writes to `out`, meant for standard error so that standard output stays data. Not thread-safe.
class Progress {
 public:
  // Plain lines come at most this often, but for changes of the sweep's state.
  static constexpr absl::Duration kLineInterval = absl::Seconds(3);

  Progress(std::ostream& out, bool terminal, const shared::Clock& clock)
      : out_(out), terminal_(terminal), clock_(clock) {}

  void Show(const v1::Sweep& sweep);
  // A line of its own, beside the progress: a cut connection, for example.
  void Note(absl::string_view text);
  // Leaves the terminal at the start of a fresh line.
  void Finish();

 private:
  std::optional<double> Rate(const v1::Sweep& sweep);

  std::ostream& out_;
  const bool terminal_;
  const shared::Clock& clock_;
  // Where the rate is counted from: the first state seen with a trial running or ended.
  std::optional<absl::Duration> rate_start_;
  std::uint64_t rate_start_ended_ = 0;
  bool line_open_ = false;
  std::string last_text_;
  v1::Sweep::State last_state_ = v1::Sweep::STATE_UNSPECIFIED;
  absl::Duration last_line_time_;
};

}  // namespace crosscall::cli

#endif  // CONTROLLER_CLI_PROGRESS_H_
