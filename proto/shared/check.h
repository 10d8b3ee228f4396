// Checks for broken invariants: they stay on in release builds and end the process with a message.
//
// Use them only for bugs of ours. Bad input and a bad environment are statuses (absl::Status) instead.
#ifndef PROTO_SHARED_CHECK_H_
#define PROTO_SHARED_CHECK_H_

#include "absl/strings/string_view.h"

namespace crosscall::shared {

// Prints "file:line: check failed: expression: message" to standard error and aborts.
[[noreturn]] void CheckFailed(const char* file, int line, const char* expression, absl::string_view message);

}  // namespace crosscall::shared

#define CROSSCALL_CHECK(condition, message) \
  ((condition) ? static_cast<void>(0) : ::crosscall::shared::CheckFailed(__FILE__, __LINE__, #condition, (message)))

#endif  // PROTO_SHARED_CHECK_H_
