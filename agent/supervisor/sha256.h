// SHA-256 of results on their way home.
#ifndef AGENT_SUPERVISOR_SHA256_H_
#define AGENT_SUPERVISOR_SHA256_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace crosscall::supervisor {

inline constexpr std::size_t kSha256Bytes = 32;

// The 32 raw bytes. Pure.
std::string Sha256(absl::string_view content);

}  // namespace crosscall::supervisor

#endif  // AGENT_SUPERVISOR_SHA256_H_
