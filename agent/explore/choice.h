// One step of the model: which CPU does what. A schedule is a sequence of them; together with the scenario and the
// implementation it determines an execution completely.
#ifndef AGENT_EXPLORE_CHOICE_H_
#define AGENT_EXPLORE_CHOICE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "agent/explore/fingerprint.h"

namespace crosscall::explore {

enum class Move : u8 {
  kStep,      // the program, handler or function goes on; variant: which outcome of the access (weak memory)
  kTakeIpi,   // the latched IPI is taken
  kLateIpi,   // a delayed IPI reaches the latch
  kDevice,    // device interrupt number `variant` is taken; optional: nobody owes it
  kExtraIpi,  // a duplicated IPI reaches the latch once more; optional
};

struct Choice {
  u8 cpu = 0;
  Move move = Move::kStep;
  u16 variant = 0;

  bool optional() const { return move == Move::kDevice || move == Move::kExtraIpi; }
  bool operator==(const Choice&) const = default;
};

using Schedule = std::vector<Choice>;

// "0 0.2 1i 1l 0d1 1x": CPU, move (none: step) and variant, one word a step.
std::string FormatSchedule(const Schedule& schedule);
// INVALID_ARGUMENT names the word that is none.
absl::StatusOr<Schedule> ParseSchedule(absl::string_view text);

}  // namespace crosscall::explore

#endif  // AGENT_EXPLORE_CHOICE_H_
