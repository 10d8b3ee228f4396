#include "agent/tool/option_values.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace crosscall::tool {

absl::StatusOr<absl::Duration> ParseSpan(absl::string_view option, absl::string_view text) {
  absl::Duration span;
  if (!absl::ParseDuration(text, &span) || span <= absl::ZeroDuration() || span > absl::Hours(24)) {
    return absl::InvalidArgumentError(
        absl::StrCat(option, ": \"", text, "\" is no span of time; allowed: 1ms to 24h, for example 500ms or 5s"));
  }
  return span;
}

absl::StatusOr<std::pair<std::string, std::int64_t>> ParseParameter(absl::string_view text) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits('=', 1));
  std::int64_t value = 0;
  if (parts.first.empty() || !absl::SimpleAtoi(parts.second, &value)) {
    return absl::InvalidArgumentError(absl::StrCat("--param: \"", text, "\"; allowed: NAME=INTEGER"));
  }
  return std::pair(parts.first, value);
}

}  // namespace crosscall::tool
