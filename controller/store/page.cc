#include "controller/store/page.h"

#include <algorithm>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace crosscall::store {
namespace {

// Neither lists nor resource names contain it.
constexpr char kSeparator = '|';

}  // namespace

absl::StatusOr<std::int64_t> PageSize(std::int32_t requested, PageSizes sizes) {
  if (requested < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("page_size: ", requested, "; allowed: 0 (", sizes.standard, ") to ", sizes.largest));
  }
  return requested == 0 ? sizes.standard : std::min(requested, sizes.largest);
}

std::string PageToken(absl::string_view list, absl::string_view filter, const Position& after) {
  const std::string separator(1, kSeparator);
  return absl::WebSafeBase64Escape(
      absl::StrCat(list, separator, filter, separator, after[0], separator, after[1], separator, after[2]));
}

absl::StatusOr<Position> PositionOf(absl::string_view list, absl::string_view filter, absl::string_view token,
                                    const Position& first) {
  if (token.empty()) return first;
  const absl::Status wrong = absl::InvalidArgumentError(
      "page_token: not one that this list gave for these filters; start again with an empty one");
  std::string plain;
  if (!absl::WebSafeBase64Unescape(token, &plain)) return wrong;
  const std::vector<absl::string_view> parts = absl::StrSplit(plain, kSeparator);
  if (parts.size() != 5 || parts[0] != list || parts[1] != filter) return wrong;
  Position position;
  for (std::size_t i = 0; i < position.size(); ++i) {
    if (!absl::SimpleAtoi(parts[i + 2], &position[i])) return wrong;
  }
  return position;
}

}  // namespace crosscall::store
