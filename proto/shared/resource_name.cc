#include "proto/shared/resource_name.h"

#include <algorithm>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "proto/shared/sanitize.h"

namespace crosscall::shared {
namespace {

absl::Status WrongForm(absl::string_view found, absl::string_view wanted) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", CleanText(found, 80), "\" is not of the form ", wanted, ", ids being [a-z0-9-]{1,63}"));
}

absl::StatusOr<std::string> SingleId(absl::string_view name, absl::string_view collection, absl::string_view form) {
  const std::vector<std::string> parts = absl::StrSplit(name, '/');
  if (parts.size() != 2 || parts[0] != collection || !IsId(parts[1])) return WrongForm(name, form);
  return parts[1];
}

}  // namespace

bool IsId(absl::string_view id) {
  return !id.empty() && id.size() <= 63 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

std::string BoardName(absl::string_view board) { return absl::StrCat("boards/", board); }
std::string SweepName(absl::string_view sweep) { return absl::StrCat("sweeps/", sweep); }
std::string ScheduleName(absl::string_view schedule) { return absl::StrCat("schedules/", schedule); }
std::string TrialName(absl::string_view sweep, absl::string_view trial) {
  return absl::StrCat("sweeps/", sweep, "/trials/", trial);
}
std::string AttemptName(absl::string_view trial_name, std::uint32_t attempt) {
  return absl::StrCat(trial_name, "/attempts/", attempt);
}

absl::StatusOr<std::string> BoardIdOf(absl::string_view name) { return SingleId(name, "boards", "boards/{board}"); }
absl::StatusOr<std::string> SweepIdOf(absl::string_view name) { return SingleId(name, "sweeps", "sweeps/{sweep}"); }
absl::StatusOr<std::string> ScheduleIdOf(absl::string_view name) {
  return SingleId(name, "schedules", "schedules/{schedule}");
}

absl::StatusOr<std::string> SweepNameOfTrial(absl::string_view trial_name) {
  const std::vector<std::string> parts = absl::StrSplit(trial_name, '/');
  if (parts.size() != 4 || parts[0] != "sweeps" || parts[2] != "trials" || !IsId(parts[1]) || !IsId(parts[3])) {
    return WrongForm(trial_name, "sweeps/{sweep}/trials/{trial}");
  }
  return SweepName(parts[1]);
}

absl::StatusOr<AttemptKey> AttemptKeyOf(absl::string_view name) {
  const std::size_t cut = name.rfind("/attempts/");
  AttemptKey key;
  if (cut == absl::string_view::npos || !SweepNameOfTrial(name.substr(0, cut)).ok()) {
    return WrongForm(name, "sweeps/{sweep}/trials/{trial}/attempts/{attempt}");
  }
  key.trial = std::string(name.substr(0, cut));
  const absl::string_view number = name.substr(cut + 10);
  if (!absl::SimpleAtoi(number, &key.attempt) || key.attempt == 0) {
    return WrongForm(name, "sweeps/{sweep}/trials/{trial}/attempts/{attempt}");
  }
  return key;
}

}  // namespace crosscall::shared
