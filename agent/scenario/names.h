// What the names of the scenario language look like, as the comments of scenario.proto state. Pure.
#ifndef AGENT_SCENARIO_NAMES_H_
#define AGENT_SCENARIO_NAMES_H_

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"

namespace crosscall::scenario {

inline constexpr absl::string_view kNameForm = "a letter or _, then up to 62 letters, digits, _ or -";
inline constexpr absl::string_view kScenarioIdForm = "1 to 63 of a-z, 0-9 and -";
inline constexpr absl::string_view kParameterForm = "a letter or _, then up to 31 letters, digits or _";

template <class Allowed>
bool ConsistsOf(absl::string_view text, std::size_t longest, Allowed allowed) {
  if (text.empty() || text.size() > longest) return false;
  for (const char c : text) {
    if (!allowed(c)) return false;
  }
  return true;
}

// Of locks, functions and barriers.
inline bool IsName(absl::string_view text) {
  return ConsistsOf(text, 63, [](char c) { return absl::ascii_isalnum(c) || c == '_' || c == '-'; }) &&
         (absl::ascii_isalpha(text[0]) || text[0] == '_');
}
inline bool IsScenarioId(absl::string_view text) {
  return ConsistsOf(text, 63, [](char c) { return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-'; });
}
inline bool IsParameter(absl::string_view text) {
  return ConsistsOf(text, 32, [](char c) { return absl::ascii_isalnum(c) || c == '_'; }) &&
         (absl::ascii_isalpha(text[0]) || text[0] == '_');
}

}  // namespace crosscall::scenario

#endif  // AGENT_SCENARIO_NAMES_H_
