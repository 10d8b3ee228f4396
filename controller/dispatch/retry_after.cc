#include "controller/dispatch/retry_after.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace crosscall::dispatch {
namespace {

constexpr char kPayloadUrl[] = "crosscall/retry-after-ms";

}  // namespace

absl::Status WithRetryAfter(absl::Status status, absl::Duration delay) {
  if (status.ok()) return status;
  status.SetPayload(kPayloadUrl, absl::Cord(absl::StrCat(std::max<std::int64_t>(absl::ToInt64Milliseconds(delay), 0))));
  return status;
}

absl::optional<absl::Duration> RetryAfter(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kPayloadUrl);
  if (!payload) return absl::nullopt;
  std::int64_t millis = 0;
  const std::string text(*payload);
  if (!absl::SimpleAtoi(text, &millis)) return absl::nullopt;
  return absl::Milliseconds(millis);
}

}  // namespace crosscall::dispatch
