#include "proto/shared/operator_rights.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/shared/check.h"
#include "proto/shared/sanitize.h"

namespace crosscall::shared {
namespace {

constexpr absl::string_view kScheme = "crosscall-right:";
constexpr std::size_t kShownBytes = 120;

std::string KnownNames() {
  return absl::StrJoin(kOperatorRights, ", ",
                       [](std::string* out, OperatorRight right) { absl::StrAppend(out, RightName(right)); });
}

}  // namespace

absl::string_view RightName(OperatorRight right) {
  switch (right) {
    case OperatorRight::kBoard:
      return "board";
    case OperatorRight::kPower:
      return "power";
  }
  CROSSCALL_CHECK(false, "a right that is none");
  return "";
}

std::vector<std::string> NamesOf(const OperatorRights& rights) {
  std::vector<std::string> names;
  for (const OperatorRight right : kOperatorRights) {
    if (rights.Has(right)) names.emplace_back(RightName(right));
  }
  return names;
}

absl::StatusOr<OperatorRights> ParseRights(const std::vector<std::string>& names) {
  OperatorRights rights;
  for (const std::string& name : names) {
    const auto* const found = std::find_if(kOperatorRights.begin(), kOperatorRights.end(),
                                           [&](OperatorRight right) { return RightName(right) == name; });
    if (found == kOperatorRights.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("right \"", CleanText(name, kShownBytes), "\": there are ", KnownNames()));
    }
    rights.Add(*found);
  }
  return rights;
}

absl::Status CheckHolder(const Holder& holder) {
  if (holder.rights.empty() || holder.identity.role == Role::kOperator) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("rights (", absl::StrJoin(NamesOf(holder.rights), ", "),
                                                 ") are for operators, not for ", ToUri(holder.identity)));
}

std::vector<std::string> UrisOf(const Holder& holder) {
  std::vector<std::string> uris = {ToUri(holder.identity)};
  for (const std::string& name : NamesOf(holder.rights)) uris.push_back(absl::StrCat(kScheme, name));
  return uris;
}

absl::StatusOr<Holder> HolderOf(const std::vector<std::string>& uris) {
  if (uris.empty() || uris.size() > 1 + kOperatorRights.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("found ", uris.size(),
                     " URIs among the subject alternative names; want the identity crosscall://LAB/ROLE/NAME, then "
                     "rights, each once"));
  }
  absl::StatusOr<Identity> identity = ParseIdentity(uris.front());
  if (!identity.ok()) return identity.status();
  Holder holder{*std::move(identity), OperatorRights()};
  for (const OperatorRight right : kOperatorRights) {
    const std::string uri = absl::StrCat(kScheme, RightName(right));
    if (std::find(uris.begin() + 1, uris.end(), uri) != uris.end()) holder.rights.Add(right);
  }
  if (UrisOf(holder) != uris) {
    return absl::InvalidArgumentError(absl::StrCat("found \"", CleanText(absl::StrJoin(uris, "\", \""), kShownBytes),
                                                   "\"; want rights (", KnownNames(), ") as ", kScheme,
                                                   "NAME behind the identity, each once, in this order"));
  }
  if (absl::Status status = CheckHolder(holder); !status.ok()) return status;
  return holder;
}

}  // namespace crosscall::shared
