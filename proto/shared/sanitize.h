// Strings from agents are cleaned once, at the boundary: one bad label makes Prometheus reject a whole scrape.
#ifndef PROTO_SHARED_SANITIZE_H_
#define PROTO_SHARED_SANITIZE_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace crosscall::shared {

inline constexpr std::size_t kLabelBytes = 256;

// Invalid UTF-8 becomes U+FFFD, control characters a space; cut to `limit` bytes at a character.
std::string CleanText(absl::string_view text, std::size_t limit);

// The same with newlines and tabs kept: for reports that people read.
std::string CleanReport(absl::string_view text, std::size_t limit);

// CleanText to kLabelBytes; empty becomes "unknown", since an empty label value is no label.
std::string CleanLabel(absl::string_view text);

}  // namespace crosscall::shared

#endif  // PROTO_SHARED_SANITIZE_H_
