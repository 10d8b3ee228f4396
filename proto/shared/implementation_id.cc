#include "proto/shared/implementation_id.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "proto/shared/sanitize.h"

namespace crosscall::shared {
namespace {

std::vector<std::string> PartsOf(absl::string_view id) { return absl::StrSplit(id, '/'); }

std::string KnownParts(const std::vector<std::string>& known) {
  std::vector<std::set<std::string>> columns(3);
  for (const std::string& id : known) {
    const std::vector<std::string> parts = PartsOf(id);
    for (std::size_t i = 0; i < parts.size() && i < columns.size(); ++i) columns[i].insert(parts[i]);
  }
  return absl::StrCat("algorithms: ", absl::StrJoin(columns[0], ", "),
                      "; wait policies: ", absl::StrJoin(columns[1], ", "),
                      "; irq models: ", absl::StrJoin(columns[2], ", "));
}

}  // namespace

bool MatchesImplementation(absl::string_view pattern, absl::string_view id) {
  const std::vector<std::string> wanted = PartsOf(pattern);
  const std::vector<std::string> parts = PartsOf(id);
  if (wanted.size() > parts.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] != "*" && wanted[i] != parts[i]) return false;
  }
  return true;
}

absl::StatusOr<std::vector<std::string>> ExpandImplementations(const std::vector<std::string>& patterns,
                                                               const std::vector<std::string>& known) {
  std::vector<bool> chosen(known.size(), false);
  for (const std::string& pattern : patterns) {
    bool matched = false;
    for (std::size_t i = 0; i < known.size(); ++i) {
      if (!MatchesImplementation(pattern, known[i])) continue;
      chosen[i] = true;
      matched = true;
    }
    if (!matched) {
      return absl::NotFoundError(absl::StrCat("no implementation matches \"", CleanText(pattern, 80),
                                              "\"; an id is algorithm/wait_policy/irq_model with `*` for any part; ",
                                              KnownParts(known)));
    }
  }
  std::vector<std::string> out;
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (chosen[i]) out.push_back(known[i]);
  }
  return out;
}

}  // namespace crosscall::shared
