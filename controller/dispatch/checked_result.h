// A complete payload that has been looked at: its digest is right, it is a TrialResult, and its numbers are whole.
#ifndef CONTROLLER_DISPATCH_CHECKED_RESULT_H_
#define CONTROLLER_DISPATCH_CHECKED_RESULT_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controller/store/rows.h"
#include "crosscall/v1/result.pb.h"

namespace crosscall::dispatch {

struct CheckedResult {
  // `boards/{board}`
  std::string board;
  // `sweeps/{sweep}/trials/{trial}`
  std::string trial;
  std::uint32_t attempt = 0;
  // Digest and size of the bytes that were sent; `payload` may have been cleaned since.
  std::string sha256;
  std::uint64_t sent_bytes = 0;
  std::string payload;
  store::ResultSummary summary;
  // The result's own words, empty if COMPLETED.
  std::string reason;
};

// SHA-256, 32 bytes.
std::string Sha256(absl::string_view bytes);

// Fills summary and reason, and puts what `clean` made of the result in the payload's place. Thread-safe.
// INVALID_ARGUMENT: another digest than stated, no TrialResult, a damaged histogram, or an outcome that is not an
// agent's to say: the agent sets such a file aside.
absl::StatusOr<CheckedResult> Check(CheckedResult result, const std::function<void(v1::TrialResult&)>& clean = nullptr);

}  // namespace crosscall::dispatch

#endif  // CONTROLLER_DISPATCH_CHECKED_RESULT_H_
