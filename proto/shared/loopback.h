// Where servers listen; one without certificates only on this machine's loopback.
//
// Stateless and thread-safe.
#ifndef PROTO_SHARED_LOOPBACK_H_
#define PROTO_SHARED_LOOPBACK_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace crosscall::shared {

struct ListenAddress {
  std::string host;  // an IPv4 or IPv6 address; no brackets
  int port = 0;      // 0: any free one
};

// `HOST:PORT` with an IP address, IPv6 in brackets; `localhost` means 127.0.0.1. INVALID_ARGUMENT for another form.
absl::StatusOr<ListenAddress> ParseListen(absl::string_view text);

bool IsLoopback(const ListenAddress& address);

// Whether a client that calls `HOST:PORT` stays on this machine. A name other than `localhost` may lead anywhere.
bool IsLoopbackTarget(absl::string_view host_port);

// The same for 127.0.0.0/8 and ::1 only. INVALID_ARGUMENT for another form, FAILED_PRECONDITION for an address that is
// not loopback: the text says why and what to do.
absl::StatusOr<ListenAddress> ParseLoopback(absl::string_view text);

// `127.0.0.1:80`, `[::1]:80`.
std::string ToString(const ListenAddress& address);

// Why a server library that reports no reason could not listen on `address`: tries by itself and tells what the system
// says. ALREADY_EXISTS (port in use), PERMISSION_DENIED, or the code that fits; UNAVAILABLE if it works now. Never OK.
absl::Status WhyNotListening(const ListenAddress& address);

}  // namespace crosscall::shared

#endif  // PROTO_SHARED_LOOPBACK_H_
