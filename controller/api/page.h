// Pages of lists.
#ifndef CONTROLLER_API_PAGE_H_
#define CONTROLLER_API_PAGE_H_

#include <algorithm>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace crosscall::api {

// Clients of gRPC accept 4 MiB unless told otherwise. A single element may still be larger: a result has up to 16 MiB.
inline constexpr std::size_t kMaxPageBytes = 3 * 1024 * 1024;

struct PageLimits {
  int default_size = 0;
  int max_size = 0;
};

// 0 means the default, too large is reduced, negative is INVALID_ARGUMENT (AIP-158).
inline absl::StatusOr<int> PageSize(int requested, PageLimits limits) {
  if (requested < 0) {
    return absl::InvalidArgumentError(absl::StrCat("page_size: ", requested, "; allowed: 0 (for ", limits.default_size,
                                                   ") to ", limits.max_size, ", larger is reduced"));
  }
  return requested == 0 ? limits.default_size : std::min(requested, limits.max_size);
}

// Reads a page that fits into `max_bytes`: one that does not is read again with half as many elements. `read` is called
// with a request, `count` tells how many elements a response has; a page of one element is taken as it is.
template <class Request, class Read, class Count>
auto ReadFittingPage(Request request, std::size_t max_bytes, const Read& read, const Count& count) {
  auto page = read(request);
  while (page.ok() && page->ByteSizeLong() > max_bytes && count(*page) > 1) {
    request.set_page_size(count(*page) / 2);
    page = read(request);
  }
  return page;
}

}  // namespace crosscall::api

#endif  // CONTROLLER_API_PAGE_H_
