// Who a certificate speaks for: `crosscall://LAB/ROLE/NAME`, the first URI among its subject alternative names; what
// may follow it is in operator_rights.h. An agent's name is the id of its board.
//
// Pure. The grammar has one spelling for each identity, so that equal texts and equal identities are the same.
#ifndef PROTO_SHARED_IDENTITY_H_
#define PROTO_SHARED_IDENTITY_H_

#include <array>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace crosscall::shared {

enum class Role { kAgent, kViewer, kOperator, kAdmin };
inline constexpr std::array<Role, 4> kRoles = {Role::kAgent, Role::kViewer, Role::kOperator, Role::kAdmin};

// `agent`, `viewer`, `operator`, `admin`.
absl::string_view RoleName(Role role);

struct Identity {
  std::string lab;
  Role role = Role::kViewer;
  std::string name;

  friend bool operator==(const Identity&, const Identity&) = default;
};

// `crosscall://LAB/ROLE/NAME`.
std::string ToUri(const Identity& identity);

// LAB and NAME are [a-z0-9-]{1,63}. INVALID_ARGUMENT shows what was found and the form that is wanted.
absl::StatusOr<Identity> ParseIdentity(absl::string_view uri);
// `ROLE/NAME` in `lab`.
absl::StatusOr<Identity> ParseIdentityIn(absl::string_view lab, absl::string_view role_and_name);

}  // namespace crosscall::shared

#endif  // PROTO_SHARED_IDENTITY_H_
