// A cron expression: which local minutes it names, and the next instant at which one of them comes. Pure.
//
// Source: Vixie cron's crontab(5). Five fields: minute (0-59), hour (0-23), day of month (1-31), month (1-12 or
// jan-dec), day of week (0-7 or sun-sat; 0 and 7 are Sunday). A field is a list of `*`, numbers, ranges `a-b` and steps
// `*/n`, `a-b/n`. A day must fit both day fields, unless neither begins with `*`: then one of them is enough.
#ifndef CONTROLLER_SCHEDULER_CRON_H_
#define CONTROLLER_SCHEDULER_CRON_H_

#include <bitset>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace crosscall::scheduler {

// Immutable, thread-safe. Invariant: it fires, in every zone.
class Cron {
 public:
  // INVALID_ARGUMENT: not of this form, or no date of the calendar fits (30 February); the text names the field, what
  // was found and what is allowed.
  static absl::StatusOr<Cron> Parse(absl::string_view text);

  // The first instant after `after`. Each local minute counts once: one that daylight saving skips comes at the first
  // instant after the gap, one that is repeated comes the first time.
  absl::Time Next(absl::Time after, const absl::TimeZone& zone) const;

 private:
  Cron() = default;
  bool Names(absl::CivilDay day) const;
  absl::Status CheckFires() const;

  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_;
  std::bitset<13> months_;
  std::bitset<7> weekdays_;
  // Neither day field begins with `*`.
  bool either_day_ = false;
};

}  // namespace crosscall::scheduler

#endif  // CONTROLLER_SCHEDULER_CRON_H_
