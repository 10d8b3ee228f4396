#include "controller/api/status.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "controller/dispatch/retry_after.h"
#include "proto/shared/sanitize.h"

namespace crosscall::api {
namespace {

constexpr absl::Duration kUnavailableDelay = absl::Seconds(1);
constexpr absl::Duration kExhaustedDelay = absl::Seconds(5);
constexpr absl::string_view kCutMark = " [...]";

std::string Message(absl::string_view text) {
  if (text.size() <= kMaxStatusMessageBytes) return shared::CleanReport(text, kMaxStatusMessageBytes);
  return absl::StrCat(shared::CleanReport(text, kMaxStatusMessageBytes - kCutMark.size()), kCutMark);
}

}  // namespace

// Both libraries number the canonical codes alike; the test goes through all of them.
grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return {static_cast<grpc::StatusCode>(status.raw_code()), Message(status.message())};
}

absl::Status FromGrpc(const grpc::Status& status) {
  return {static_cast<absl::StatusCode>(status.error_code()), status.error_message()};
}

std::optional<absl::Duration> RetryDelay(const absl::Status& status) {
  if (const absl::optional<absl::Duration> given = dispatch::RetryAfter(status)) return *given;
  if (absl::IsUnavailable(status)) return kUnavailableDelay;
  if (absl::IsResourceExhausted(status)) return kExhaustedDelay;
  return std::nullopt;
}

grpc::Status Answer(const absl::Status& status, grpc::CallbackServerContext& context) {
  if (const std::optional<absl::Duration> delay = RetryDelay(status)) {
    context.AddTrailingMetadata(kRetryAfterMillisKey, absl::StrCat(absl::ToInt64Milliseconds(*delay)));
  }
  return ToGrpc(status);
}

}  // namespace crosscall::api
