// What verdicts add up to: the exit code of `crosscall explore`, and a line that says it. Pure.
#ifndef AGENT_TOOL_EXPLORE_TALLY_H_
#define AGENT_TOOL_EXPLORE_TALLY_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "agent/explore/verdict.h"
#include "crosscall/v1/scenario.pb.h"

namespace crosscall::tool {

// kExitBadUse and kExitInterrupted (options.h) are of this command, too.
enum ExploreExit : int {
  kExitAllWell = 0,
  kExitNotAllWell = 1,  // also if something else is unknown: what was found does not become doubtful
  kExitSomeUnknown = 3,
};

// The verdict that the scenario expects of an implementation, if it does. Of several patterns that match, the one with
// the fewest `*` counts, then the first.
std::optional<std::string> ExpectedVerdict(const v1::Scenario& scenario, absl::string_view implementation);

enum class Check { kAsExpected, kDiffers, kUnchecked, kUnknown };

// Unknown is neither: nothing is claimed.
Check CheckVerdict(explore::Verdict verdict, const std::optional<std::string>& expected);

class ExploreTally {
 public:
  explicit ExploreTally(bool check) : check_(check) {}

  void Add(explore::Verdict verdict, const std::optional<std::string>& expected);
  int exit_code() const;
  // "70 pairs: 40 completes, 30 deadlock", and with check "; 60 as expected, 10 unchecked".
  std::string Summary() const;

 private:
  bool check_;
  std::map<explore::Verdict, std::uint64_t> verdicts_;
  std::map<Check, std::uint64_t> checks_;
};

}  // namespace crosscall::tool

#endif  // AGENT_TOOL_EXPLORE_TALLY_H_
