// Who may call what: the one table, which the gate enforces for every call and a test reads.
//
// Pure. What has no row nobody may call.
#ifndef CONTROLLER_API_RIGHTS_H_
#define CONTROLLER_API_RIGHTS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "proto/shared/identity.h"
#include "proto/shared/operator_rights.h"

namespace crosscall::api {

// A set of kinds of callers. An operator with a right is of two kinds.
using Callers = std::uint8_t;
inline constexpr Callers kAnonymous = 1;  // without a certificate
inline constexpr Callers kAgents = 2;
inline constexpr Callers kViewers = 4;
inline constexpr Callers kOperators = 8;
inline constexpr Callers kAdmins = 16;
inline constexpr Callers kBoardOperators = 32;  // those with the right `board`
inline constexpr Callers kPowerOperators = 64;  // those with the right `power`

struct Right {
  // As on the wire: `/crosscall.v1.SweepService/CreateSweep`.
  absl::string_view method;
  Callers callers;
  // Who may do it to what somebody else asked for, too; 0: whose it is makes no difference.
  Callers others = 0;
};

absl::Span<const Right> Rights();

// The kinds that a caller with a certificate is of.
Callers KindsOf(shared::Role role, const shared::OperatorRights& rights);

// `caller` is kAnonymous or as from KindsOf. UNAUTHENTICATED: a certificate is needed. PERMISSION_DENIED names the
// roles and rights that would do.
absl::Status CheckRight(absl::string_view method, Callers caller);
// The same if `method` is for something that is not the caller's own.
absl::Status CheckRightOnOthers(absl::string_view method, Callers caller);

}  // namespace crosscall::api

#endif  // CONTROLLER_API_RIGHTS_H_
