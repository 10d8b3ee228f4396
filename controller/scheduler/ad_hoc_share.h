// How much of a board ad-hoc work may have while a nightly run waits for it: the last sentence of rule S3 of the fleet
// reference. Pure.
//
// Ad-hoc work goes first as long as it has had no more than its share of the time that the board worked since nightly
// trials wait for it; then they go first, until that is so again. As no trial is stopped, it may have one trial more.
// Time in which the board did nothing counts for nobody: it could have been away.
#ifndef CONTROLLER_SCHEDULER_AD_HOC_SHARE_H_
#define CONTROLLER_SCHEDULER_AD_HOC_SHARE_H_

#include <string>

#include "absl/time/time.h"
#include "absl/types/optional.h"

namespace crosscall::scheduler {

// Of one board. Not thread-safe. Instants are on a monotonic clock. A share is a number from 0 to 1.
class AdHocShare {
 public:
  // Nightly trials, whose windows are open, begin to wait for the board; none of them does any more.
  void NightlyWaits(absl::Duration now);
  void NoNightlyWaits() { window_.reset(); }
  // The board begins a trial, for a person or not; it has ended.
  void Begin(bool ad_hoc, absl::Duration now);
  void End(absl::Duration now);

  // When ad-hoc work goes first again if the board works until then; not after `now`: it does. InfiniteDuration: not
  // while nightly trials wait.
  absl::Duration FirstAgainAt(double share, absl::Duration now) const;

 private:
  struct Time {
    absl::Duration worked;
    absl::Duration ad_hoc;
  };
  struct Running {
    bool ad_hoc = false;
    absl::Duration since;
  };
  // What was worked since then, trials that still run included.
  Time Until(absl::Duration now) const;

  // Since nightly trials wait; nothing: none does.
  absl::optional<Time> window_;
  absl::optional<Running> running_;
};

// Why an ad-hoc trial waits behind nightly ones, as a sentence. `first_again` is InfiniteFuture if it does as long as
// they wait.
std::string WhyAdHocWaits(absl::Time first_again);

}  // namespace crosscall::scheduler

#endif  // CONTROLLER_SCHEDULER_AD_HOC_SHARE_H_
