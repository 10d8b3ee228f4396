// Statuses cross the wire with their code kept: INTERNAL is for our bugs only, never a wrapper for other codes.
#ifndef CONTROLLER_API_STATUS_H_
#define CONTROLLER_API_STATUS_H_

#include <cstddef>
#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/status.h"

namespace crosscall::api {

// Trailing metadata that carries RetryDelay, a decimal number of milliseconds.
inline constexpr char kRetryAfterMillisKey[] = "retry-after-ms";

// Messages are cut to this: HTTP/2 trailers beyond 8 KiB are refused by clients, who would then see another code, and
// a byte outside ASCII takes three there.
inline constexpr std::size_t kMaxStatusMessageBytes = 2048;

grpc::Status ToGrpc(const absl::Status& status);
absl::Status FromGrpc(const grpc::Status& status);

// How long a caller should at least stay away: what the status carries, else a default for the codes that pass by
// waiting, RESOURCE_EXHAUSTED and UNAVAILABLE.
std::optional<absl::Duration> RetryDelay(const absl::Status& status);

// The answer for `status`, its RetryDelay put into the trailing metadata of `context`. Call once, before the call is
// finished.
grpc::Status Answer(const absl::Status& status, grpc::CallbackServerContext& context);

}  // namespace crosscall::api

#endif  // CONTROLLER_API_STATUS_H_
