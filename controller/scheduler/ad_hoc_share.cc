#include "controller/scheduler/ad_hoc_share.h"

#include "absl/strings/str_cat.h"

namespace crosscall::scheduler {

void AdHocShare::NightlyWaits(absl::Duration now) {
  if (window_) return;
  window_.emplace();
  // What runs already counts from now on.
  if (running_) running_->since = now;
}

void AdHocShare::Begin(bool ad_hoc, absl::Duration now) { running_ = Running{.ad_hoc = ad_hoc, .since = now}; }

void AdHocShare::End(absl::Duration now) {
  if (window_) window_ = Until(now);
  running_.reset();
}

AdHocShare::Time AdHocShare::Until(absl::Duration now) const {
  Time time = *window_;
  if (!running_) return time;
  time.worked += now - running_->since;
  if (running_->ad_hoc) time.ad_hoc += now - running_->since;
  return time;
}

absl::Duration AdHocShare::FirstAgainAt(double share, absl::Duration now) const {
  if (!window_) return now;
  if (share <= 0) return absl::InfiniteDuration();
  const Time time = Until(now);
  return now + (time.ad_hoc / share - time.worked);
}

std::string WhyAdHocWaits(absl::Time first_again) {
  if (first_again == absl::InfiniteFuture()) {
    return "ad-hoc work has no share of this board while a nightly run waits for it";
  }
  return absl::StrCat("ad-hoc work has had its share of this board in the window; next at ",
                      absl::FormatTime(absl::RFC3339_sec, first_again, absl::UTCTimeZone()));
}

}  // namespace crosscall::scheduler
