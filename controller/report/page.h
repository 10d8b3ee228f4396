// The page of page/src with data in it: one HTML text that needs nothing else.
#ifndef CONTROLLER_REPORT_PAGE_H_
#define CONTROLLER_REPORT_PAGE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace crosscall::report {

// `json` becomes the page's data. Nothing in it can end the element that it stands in: signs that mean something to
// HTML occur in strings only, where they are written as escapes. Thread-safe.
std::string MakePage(absl::string_view json);

}  // namespace crosscall::report

#endif  // CONTROLLER_REPORT_PAGE_H_
