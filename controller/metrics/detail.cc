#include "controller/metrics/detail.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "proto/shared/exploration_text.h"
#include "proto/shared/sanitize.h"

namespace crosscall::metrics {
namespace {

constexpr std::size_t kShownBytes = 80;
// What measures: explorations have verdicts and no latencies.
constexpr v1::TargetSystem kMeasuring[] = {v1::TARGET_SYSTEM_SIGNAL};

bool IsName(absl::string_view text) {
  constexpr std::size_t kLongest = 63;
  return !text.empty() && text.size() <= kLongest && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace

absl::StatusOr<Pair> ParsePair(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ':');
  if (parts.size() > 2 || !IsName(parts[0])) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", shared::CleanText(text, kShownBytes),
                     "\" is no pair; write SCENARIO or SCENARIO:TARGET_SYSTEM, for example ping-pong:signal"));
  }
  Pair pair;
  pair.scenario = std::string(parts[0]);
  if (parts.size() == 1) return pair;
  for (const v1::TargetSystem target : kMeasuring) {
    if (shared::TargetSystemName(target) != parts[1]) continue;
    pair.target_system = target;
    return pair;
  }
  return absl::InvalidArgumentError(absl::StrCat("\"", shared::CleanText(parts[1], kShownBytes),
                                                 "\" is no target system that measures; there is: signal"));
}

bool Detail::Tracks(const std::string& implementation) const {
  return implementations.empty() || implementations.count(implementation) != 0;
}

bool Detail::Tracks(const Pair& pair) const {
  return pairs.empty() || std::find(pairs.begin(), pairs.end(), pair) != pairs.end();
}

bool Detail::ShowsOfBoards(const Pair& pair) const {
  switch (level) {
    case Level::kFleet:
      return false;
    case Level::kBoard:
      return pairs.empty() || pairs.front() == pair;
    case Level::kFull:
      return Tracks(pair);
  }
  return false;
}

}  // namespace crosscall::metrics
