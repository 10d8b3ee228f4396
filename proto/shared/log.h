// One line a message on standard error: "2026-01-02T03:04:05.678Z W component: text". systemd and scripts read it.
// Thread-safe: a line is written by one write(2).
#ifndef PROTO_SHARED_LOG_H_
#define PROTO_SHARED_LOG_H_

#include "absl/strings/string_view.h"

namespace crosscall::shared {

// `component` is a short constant such as "supervisor". Newlines in `text` become spaces.
void LogInfo(absl::string_view component, absl::string_view text);
void LogWarning(absl::string_view component, absl::string_view text);
void LogError(absl::string_view component, absl::string_view text);

}  // namespace crosscall::shared

#endif  // PROTO_SHARED_LOG_H_
