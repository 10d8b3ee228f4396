#include "controller/report/page.h"

#include "proto/shared/check.h"

namespace crosscall::report {

// Of the source that the build makes of page/page.html.
extern const char kPageText[];

namespace {

constexpr absl::string_view kPlace = "/*DATA*/";

void AppendEscaped(absl::string_view json, std::string& out) {
  for (const char sign : json) {
    switch (sign) {
      case '<':
        out += "\\u003c";
        break;
      case '>':
        out += "\\u003e";
        break;
      case '&':
        out += "\\u0026";
        break;
      default:
        out.push_back(sign);
    }
  }
}

}  // namespace

std::string MakePage(absl::string_view json) {
  const absl::string_view page = kPageText;
  const std::size_t place = page.find(kPlace);
  CROSSCALL_CHECK(place != absl::string_view::npos, "the page has no place for its data");
  std::string out;
  out.reserve(page.size() + json.size() + json.size() / 16);
  out.append(page.data(), place);
  AppendEscaped(json, out);
  out.append(page.data() + place + kPlace.size(), page.size() - place - kPlace.size());
  return out;
}

}  // namespace crosscall::report
