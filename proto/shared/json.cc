#include "proto/shared/json.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "proto/shared/sanitize.h"

namespace crosscall::shared {

void Json::Separate() {
  if (text_.empty()) return;
  const char last = text_.back();
  if (last != '{' && last != '[' && last != ':') text_.push_back(',');
}

Json& Json::Open(char bracket) {
  Separate();
  text_.push_back(bracket);
  return *this;
}

Json& Json::Close(char bracket) {
  text_.push_back(bracket);
  return *this;
}

Json& Json::Key(absl::string_view key) {
  String(key);
  text_.push_back(':');
  return *this;
}

Json& Json::String(absl::string_view value) {
  Separate();
  text_.push_back('"');
  for (const char c : CleanReport(value, value.size() * 3)) {
    switch (c) {
      case '"':
        text_ += "\\\"";
        break;
      case '\\':
        text_ += "\\\\";
        break;
      case '\n':
        text_ += "\\n";
        break;
      case '\t':
        text_ += "\\t";
        break;
      default:
        text_.push_back(c);
    }
  }
  text_.push_back('"');
  return *this;
}

Json& Json::Number(std::uint64_t value) {
  Separate();
  absl::StrAppend(&text_, value);
  return *this;
}

Json& Json::Signed(std::int64_t value) {
  Separate();
  absl::StrAppend(&text_, value);
  return *this;
}

Json& Json::Real(double value) {
  if (!std::isfinite(value)) return Null();
  Separate();
  text_ += absl::StrFormat("%.9g", value);
  return *this;
}

Json& Json::Bool(bool value) {
  Separate();
  text_ += value ? "true" : "false";
  return *this;
}

Json& Json::Null() {
  Separate();
  text_ += "null";
  return *this;
}

}  // namespace crosscall::shared
