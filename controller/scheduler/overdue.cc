#include "controller/scheduler/overdue.h"

#include "absl/strings/str_cat.h"

namespace crosscall::scheduler {
namespace {

std::string Instant(absl::Time time) { return absl::FormatTime(absl::RFC3339_sec, time, absl::UTCTimeZone()); }

}  // namespace

absl::optional<std::string> WhyOverdue(const Owed& owed, absl::Duration grace, absl::Time now) {
  const Owed::Run* oldest = nullptr;
  for (const Owed::Run& run : owed.open) {
    if (run.window_end + grace < now && (oldest == nullptr || run.window_end < oldest->window_end)) oldest = &run;
  }
  if (oldest != nullptr) {
    return absl::StrCat(oldest->sweep, " has not ended, and its window closed at ", Instant(oldest->window_end));
  }
  if (owed.next + grace < now) {
    return absl::StrCat("nothing became of its nominal time ", Instant(owed.next),
                        ": the controller does not come to its schedules, look at its log");
  }
  return absl::nullopt;
}

}  // namespace crosscall::scheduler
