#include "proto/shared/identity.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "proto/shared/check.h"
#include "proto/shared/resource_name.h"
#include "proto/shared/sanitize.h"

namespace crosscall::shared {
namespace {

constexpr absl::string_view kScheme = "crosscall://";
constexpr std::size_t kShownBytes = 120;

absl::Status WrongForm(absl::string_view found, absl::string_view wanted) {
  return absl::InvalidArgumentError(
      absl::StrCat("identity \"", CleanText(found, kShownBytes), "\": want ", wanted,
                   " with ROLE one of agent, viewer, operator, admin and names of [a-z0-9-]{1,63}"));
}

}  // namespace

absl::string_view RoleName(Role role) {
  switch (role) {
    case Role::kAgent:
      return "agent";
    case Role::kViewer:
      return "viewer";
    case Role::kOperator:
      return "operator";
    case Role::kAdmin:
      return "admin";
  }
  CROSSCALL_CHECK(false, "a role that is none");
  return "";
}

std::string ToUri(const Identity& identity) {
  return absl::StrCat(kScheme, identity.lab, "/", RoleName(identity.role), "/", identity.name);
}

absl::StatusOr<Identity> ParseIdentity(absl::string_view uri) {
  constexpr absl::string_view kForm = "crosscall://LAB/ROLE/NAME";
  absl::string_view rest = uri;
  if (!absl::ConsumePrefix(&rest, kScheme)) return WrongForm(uri, kForm);
  const std::size_t slash = rest.find('/');
  if (slash == absl::string_view::npos || !IsId(rest.substr(0, slash))) return WrongForm(uri, kForm);
  absl::StatusOr<Identity> identity = ParseIdentityIn(rest.substr(0, slash), rest.substr(slash + 1));
  if (!identity.ok()) return WrongForm(uri, kForm);
  return identity;
}

absl::StatusOr<Identity> ParseIdentityIn(absl::string_view lab, absl::string_view role_and_name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(role_and_name, '/');
  if (parts.size() != 2 || !IsId(parts[1])) return WrongForm(role_and_name, "ROLE/NAME");
  for (const Role role : kRoles) {
    if (parts[0] == RoleName(role)) return Identity{std::string(lab), role, std::string(parts[1])};
  }
  return WrongForm(role_and_name, "ROLE/NAME");
}

}  // namespace crosscall::shared
