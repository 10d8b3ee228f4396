// The command line of `crosscall explore`: words in, a checked request out.
#ifndef AGENT_TOOL_EXPLORE_OPTIONS_H_
#define AGENT_TOOL_EXPLORE_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/explore/explore.h"
#include "agent/scenario/parse.h"

namespace CLI {
class App;
}

namespace crosscall::tool {

enum class ExploreOutput { kText, kJson, kSvg };

struct ExploreRequest {
  std::vector<std::string> scenarios;        // files or names
  std::vector<std::string> implementations;  // ids or patterns; empty: all
  scenario::Overrides parameters;
  explore::ExploreOptions options;  // max_bytes is that of all searches that run at once
  unsigned threads = 1;
  bool check = false;
  bool matrix = false;
  ExploreOutput output = ExploreOutput::kText;
  std::string replay;  // a file; empty: explore
};

// Limits where the command line gives none. A matrix is made to be compared, so only what is the same everywhere
// limits it: states.
inline constexpr std::uint64_t kDefaultMaxStates = 20'000'000;
inline constexpr std::uint64_t kMatrixMaxStates = 20'000;

// What CLI11 fills; turned into a request afterwards, with errors in our own words.
struct ExploreWords {
  std::vector<std::string> scenarios;
  std::vector<std::string> implementations;
  std::vector<std::string> parameters;
  std::string memory;
  std::optional<std::uint64_t> max_states;
  std::string max_time;
  std::optional<std::uint64_t> max_memory_mib;
  unsigned threads = 0;  // one for each core
  bool check = false;
  bool matrix = false;
  bool json = false;
  bool svg = false;
  std::string replay;
};

// `words` outlives the parsing of `app`.
void DeclareExplore(CLI::App& app, ExploreWords& words);

// INVALID_ARGUMENT shows what was found and what is allowed.
absl::StatusOr<ExploreRequest> ExploreRequestOf(const ExploreWords& words);

}  // namespace crosscall::tool

#endif  // AGENT_TOOL_EXPLORE_OPTIONS_H_
