// A delay that travels with a refusal: the api layer sends it as trailing metadata `retry-after-ms`.
#ifndef CONTROLLER_DISPATCH_RETRY_AFTER_H_
#define CONTROLLER_DISPATCH_RETRY_AFTER_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"

namespace crosscall::dispatch {

// `status` with the delay attached. An OK status stays as it is.
absl::Status WithRetryAfter(absl::Status status, absl::Duration delay);

// The delay of a status made by WithRetryAfter, in whole milliseconds; nothing if there is none.
absl::optional<absl::Duration> RetryAfter(const absl::Status& status);

}  // namespace crosscall::dispatch

#endif  // CONTROLLER_DISPATCH_RETRY_AFTER_H_
