#include "controller/cli/progress.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "controller/cli/units.h"

namespace crosscall::cli {

std::uint64_t EndedCount(const v1::SweepProgress& progress) {
  return progress.completed_count() + progress.hung_count() + progress.crashed_count() + progress.wedged_count() +
         progress.refused_count() + progress.failed_count() + progress.cancelled_count();
}

std::string ProgressText(const v1::Sweep& sweep, std::optional<double> rate) {
  const v1::SweepProgress& progress = sweep.progress();
  const std::uint64_t ended = EndedCount(progress);
  const std::uint64_t total = progress.total_count();
  std::string text = absl::StrCat(FormatCount(ended), "/", FormatCount(total), " trials");
  if (total != 0) absl::StrAppend(&text, " (", ended * 100 / total, " %)");
  if (rate.has_value() && *rate > 0 && ended < total) {
    absl::StrAppendFormat(&text, ", %.3g/s, %s left", *rate,
                          FormatWait(absl::Seconds(static_cast<double>(total - ended) / *rate)));
  }
  absl::string_view separator = "; ";
  for (const auto& [count, name] :
       {std::pair(progress.hung_count(), "hung"), std::pair(progress.crashed_count(), "crashed"),
        std::pair(progress.wedged_count(), "wedged"), std::pair(progress.refused_count(), "refused"),
        std::pair(progress.failed_count(), "failed"),
        std::pair(progress.cancelled_count() - progress.left_count(), "cancelled"),
        std::pair(progress.left_count(), "left"), std::pair(progress.invalid_attempt_count(), "invalid attempts"),
        std::pair(progress.lost_attempt_count(), "lost attempts")}) {
    if (count == 0) continue;
    absl::StrAppend(&text, separator, name, " ", FormatCount(count));
    separator = ", ";
  }
  return text;
}

std::optional<double> Progress::Rate(const v1::Sweep& sweep) {
  const std::uint64_t ended = EndedCount(sweep.progress());
  if (!rate_start_.has_value()) {
    if (ended == 0 && sweep.progress().running_count() == 0) return std::nullopt;
    rate_start_ = clock_.Monotonic();
    rate_start_ended_ = ended;
  }
  const double seconds = absl::ToDoubleSeconds(clock_.Monotonic() - *rate_start_);
  if (seconds <= 0 || ended <= rate_start_ended_) return std::nullopt;
  return static_cast<double>(ended - rate_start_ended_) / seconds;
}

void Progress::Show(const v1::Sweep& sweep) {
  const std::string state = EnumWords(v1::Sweep::State_Name(sweep.state()), "STATE_");
  std::string text = absl::StrCat(sweep.name(), " ", state, ": ", ProgressText(sweep, Rate(sweep)));
  if (terminal_) {
    // Back to the start of the line, and erase what an older, longer text left.
    out_ << "\r" << text << "\x1b[K" << std::flush;
    line_open_ = true;
    return;
  }
  const absl::Duration now = clock_.Monotonic();
  const bool new_state = sweep.state() != last_state_;
  if (text == last_text_ || (!new_state && now - last_line_time_ < kLineInterval)) return;
  out_ << text << "\n" << std::flush;
  last_text_ = std::move(text);
  last_state_ = sweep.state();
  last_line_time_ = now;
}

void Progress::Note(absl::string_view text) {
  Finish();
  out_ << std::string(text) << "\n" << std::flush;
}

void Progress::Finish() {
  if (line_open_) out_ << "\n" << std::flush;
  line_open_ = false;
}

}  // namespace crosscall::cli
