// Paging: sizes as the protos say, and opaque tokens that only fit the list that made them. Pure.
#ifndef CONTROLLER_STORE_PAGE_H_
#define CONTROLLER_STORE_PAGE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace crosscall::store {

// Pages of payloads end at this size, so that one fits into a message of gRPC's default limit of 4 MiB. A larger
// payload has a page of its own.
inline constexpr std::size_t kPageBytes = std::size_t{3} << 20;

struct PageSizes {
  std::int32_t standard;
  std::int32_t largest;
};

// 0 means `standard`, larger than `largest` is reduced, negative is INVALID_ARGUMENT.
absl::StatusOr<std::int64_t> PageSize(std::int32_t requested, PageSizes sizes);

// Where the next page begins: after the row with these keys.
using Position = std::array<std::int64_t, 3>;

std::string PageToken(absl::string_view list, absl::string_view filter, const Position& after);

// `first` for an empty token. INVALID_ARGUMENT: not made by PageToken for this list and filter.
absl::StatusOr<Position> PositionOf(absl::string_view list, absl::string_view filter, absl::string_view token,
                                    const Position& first);

}  // namespace crosscall::store

#endif  // CONTROLLER_STORE_PAGE_H_
