// Resource names: `boards/{board}`, `sweeps/{sweep}/trials/{trial}/attempts/{attempt}`.
#ifndef PROTO_SHARED_RESOURCE_NAME_H_
#define PROTO_SHARED_RESOURCE_NAME_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace crosscall::shared {

// True for [a-z0-9-]{1,63}.
bool IsId(absl::string_view id);

std::string BoardName(absl::string_view board);
std::string SweepName(absl::string_view sweep);
std::string ScheduleName(absl::string_view schedule);
std::string TrialName(absl::string_view sweep, absl::string_view trial);
std::string AttemptName(absl::string_view trial_name, std::uint32_t attempt);

struct AttemptKey {
  std::string trial;  // `sweeps/{sweep}/trials/{trial}`
  std::uint32_t attempt = 0;
};

// Each returns INVALID_ARGUMENT that shows what was found and the form that is wanted.
absl::StatusOr<std::string> BoardIdOf(absl::string_view name);
absl::StatusOr<std::string> SweepIdOf(absl::string_view name);
absl::StatusOr<std::string> ScheduleIdOf(absl::string_view name);
// The sweep's name of `sweeps/{sweep}/trials/{trial}`.
absl::StatusOr<std::string> SweepNameOfTrial(absl::string_view trial_name);
absl::StatusOr<AttemptKey> AttemptKeyOf(absl::string_view name);

}  // namespace crosscall::shared

#endif  // PROTO_SHARED_RESOURCE_NAME_H_
