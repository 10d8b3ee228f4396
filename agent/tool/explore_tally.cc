#include "agent/tool/explore_tally.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/shared/implementation_id.h"

namespace crosscall::tool {
namespace {

using explore::Verdict;

const char* CheckName(Check check) {
  switch (check) {
    case Check::kAsExpected:
      return "as expected";
    case Check::kDiffers:
      return "not as expected";
    case Check::kUnchecked:
      return "unchecked";
    case Check::kUnknown:
      break;
  }
  return "unknown";
}

template <class Map>
std::uint64_t Count(const Map& map, typename Map::key_type key) {
  const auto found = map.find(key);
  return found == map.end() ? 0 : found->second;
}

}  // namespace

std::optional<std::string> ExpectedVerdict(const v1::Scenario& scenario, absl::string_view implementation) {
  std::optional<std::string> expected;
  std::ptrdiff_t fewest = 0;
  for (const v1::Expectation& expectation : scenario.expectations()) {
    const std::string& pattern = expectation.implementation();
    if (!shared::MatchesImplementation(pattern, implementation)) continue;
    const std::ptrdiff_t stars = std::count(pattern.begin(), pattern.end(), '*');
    if (expected && stars >= fewest) continue;
    expected = expectation.verdict();
    fewest = stars;
  }
  return expected;
}

Check CheckVerdict(Verdict verdict, const std::optional<std::string>& expected) {
  if (verdict == Verdict::kUnknown) return Check::kUnknown;
  if (!expected) return Check::kUnchecked;
  return *expected == explore::VerdictName(verdict) ? Check::kAsExpected : Check::kDiffers;
}

void ExploreTally::Add(Verdict verdict, const std::optional<std::string>& expected) {
  ++verdicts_[verdict];
  ++checks_[CheckVerdict(verdict, expected)];
}

int ExploreTally::exit_code() const {
  const std::uint64_t bad = check_ ? Count(checks_, Check::kDiffers)
                                   : Count(verdicts_, Verdict::kDeadlock) + Count(verdicts_, Verdict::kLivelock) +
                                         Count(verdicts_, Verdict::kViolation);
  if (bad != 0) return kExitNotAllWell;
  return Count(verdicts_, Verdict::kUnknown) != 0 ? kExitSomeUnknown : kExitAllWell;
}

std::string ExploreTally::Summary() const {
  std::uint64_t pairs = 0;
  std::vector<std::string> verdicts;
  for (const auto& [verdict, count] : verdicts_) {
    pairs += count;
    verdicts.push_back(absl::StrCat(count, " ", explore::VerdictName(verdict)));
  }
  std::vector<std::string> checks;
  for (const auto& [check, count] : checks_) {
    if (check != Check::kUnknown) checks.push_back(absl::StrCat(count, " ", CheckName(check)));
  }
  std::string text = absl::StrCat(pairs, pairs == 1 ? " pair: " : " pairs: ", absl::StrJoin(verdicts, ", "));
  if (check_ && !checks.empty()) absl::StrAppend(&text, "; ", absl::StrJoin(checks, ", "));
  return text;
}

}  // namespace crosscall::tool
