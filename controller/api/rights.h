// Who may call what: the one table, which the gate enforces for every call and a test reads.
//
// Pure. What has no row nobody may call.
#ifndef CONTROLLER_API_RIGHTS_H_
#define CONTROLLER_API_RIGHTS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "proto/shared/identity.h"

namespace crosscall::api {

// A set of kinds of callers.
using Callers = std::uint8_t;
inline constexpr Callers kAnonymous = 1;  // without a certificate
inline constexpr Callers kAgents = 2;
inline constexpr Callers kViewers = 4;
inline constexpr Callers kOperators = 8;
inline constexpr Callers kAdmins = 16;

struct Right {
  // As on the wire: `/crosscall.v1.SweepService/CreateSweep`.
  absl::string_view method;
  Callers callers;
};

absl::Span<const Right> Rights();

// `role` empty: no certificate. UNAUTHENTICATED: a certificate is needed. PERMISSION_DENIED names the roles that may.
absl::Status CheckRight(absl::string_view method, const absl::optional<shared::Role>& role);

}  // namespace crosscall::api

#endif  // CONTROLLER_API_RIGHTS_H_
