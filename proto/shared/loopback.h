// Where a server without certificates may listen: this machine's loopback and nowhere else.
//
// Stateless and thread-safe.
#ifndef PROTO_SHARED_LOOPBACK_H_
#define PROTO_SHARED_LOOPBACK_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace crosscall::shared {

struct LoopbackAddress {
  std::string host;  // `127.0.0.1`, another of 127.0.0.0/8, or `::1`; no brackets
  int port = 0;      // 0: any free one
};

// `HOST:PORT`, IPv6 in brackets; `localhost` means 127.0.0.1. INVALID_ARGUMENT for another form,
// FAILED_PRECONDITION for an address that is not loopback: the text says why and what to do.
absl::StatusOr<LoopbackAddress> ParseLoopback(absl::string_view text);

// `127.0.0.1:80`, `[::1]:80`.
std::string ToString(const LoopbackAddress& address);

// Why a server library that reports no reason could not listen on `address`: tries by itself and tells what the system
// says. ALREADY_EXISTS (port in use), PERMISSION_DENIED, or the code that fits; UNAVAILABLE if it works now. Never OK.
absl::Status WhyNotListening(const LoopbackAddress& address);

}  // namespace crosscall::shared

#endif  // PROTO_SHARED_LOOPBACK_H_
