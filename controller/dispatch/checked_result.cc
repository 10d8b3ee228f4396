#include "controller/dispatch/checked_result.h"

#include <openssl/evp.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "crosscall/v1/result.pb.h"
#include "proto/shared/check.h"
#include "proto/shared/histogram_proto.h"
#include "proto/shared/sanitize.h"

namespace crosscall::dispatch {
namespace {

constexpr std::size_t kReasonBytes = 4096;

bool IsAgents(v1::Outcome outcome) {
  return outcome == v1::OUTCOME_COMPLETED || outcome == v1::OUTCOME_HUNG || outcome == v1::OUTCOME_CRASHED ||
         outcome == v1::OUTCOME_REFUSED || outcome == v1::OUTCOME_INVALID;
}

absl::Status Damaged(const CheckedResult& result, absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("result of ", result.trial, " attempt ", result.attempt, ": ", what, "; set the file aside"));
}

}  // namespace

std::string Sha256(absl::string_view bytes) {
  std::string digest(32, '\0');
  unsigned int size = 0;
  const int done = EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                              EVP_sha256(), nullptr);
  CROSSCALL_CHECK(done == 1 && size == digest.size(), "SHA-256 of bytes in memory cannot fail");
  return digest;
}

absl::StatusOr<CheckedResult> Check(CheckedResult result, const std::function<void(v1::TrialResult&)>& clean) {
  if (Sha256(result.payload) != result.sha256) return Damaged(result, "its bytes do not have the stated SHA-256");
  result.sent_bytes = result.payload.size();
  v1::TrialResult parsed;
  if (!parsed.ParseFromString(result.payload)) return Damaged(result, "it is not a serialized TrialResult");
  if (!IsAgents(parsed.outcome())) {
    return Damaged(result, absl::StrCat("outcome ", parsed.outcome(), " is not one that an agent may say"));
  }
  if (clean) {
    clean(parsed);
    result.payload = parsed.SerializeAsString();
  }
  result.summary.outcome = parsed.outcome();
  result.summary.calls = parsed.calls();
  if (parsed.outcome() == v1::OUTCOME_COMPLETED) result.summary.verdict = parsed.exploration().verdict();
  // It becomes the reason of the trial, which is one line.
  result.reason = shared::CleanText(parsed.reason(), kReasonBytes);
  if (!parsed.has_latency()) return result;
  absl::StatusOr<shared::Histogram> latency = shared::FromProto(parsed.latency());
  if (!latency.ok()) return Damaged(result, latency.status().message());
  result.summary.p50_nanos = latency->Quantile(0.5);
  result.summary.p99_nanos = latency->Quantile(0.99);
  result.summary.p999_nanos = latency->Quantile(0.999);
  result.summary.max_nanos = latency->max();
  result.summary.buckets.Add(*latency);
  return result;
}

}  // namespace crosscall::dispatch
