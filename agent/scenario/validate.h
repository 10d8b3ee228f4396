// The rules of the scenario language over the protobuf form: for scenarios from our parser, which knows positions, and
// for those that came over the wire, which may hold anything.
//
// Beyond the limits of scenario.proto and the meaning of names:
// - Function bodies hold no irq_on, barrier, offline, online or idle.
// - A program unlocks only what it holds there, with unlock_irqrestore only what it locked with lock_irqsave, and goes
//   online only after offline. Where a function leaves the lock changed, that cannot be told and is checked when it
//   runs.
// - All programs that name a barrier meet it equally often in a round.
// - No function surely runs itself on its own CPU (by `self`, or run_on `all`), directly or through others: that would
//   never end. Other recursion is allowed; the interpreter bounds it.
// Thread safety: pure.
#ifndef AGENT_SCENARIO_VALIDATE_H_
#define AGENT_SCENARIO_VALIDATE_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "crosscall/v1/scenario.pb.h"

namespace crosscall::scenario {

// Where a message of the scenario stands, for error texts: "file:3:5", or whatever is known.
using Locator = absl::FunctionRef<std::string(const google::protobuf::Message&)>;

// INVALID_ARGUMENT "WHERE: found X; allowed Y".
absl::Status ValidateScenario(const v1::Scenario& scenario, Locator locate);
// Locates by scenario id and line.
absl::Status ValidateScenario(const v1::Scenario& scenario);

}  // namespace crosscall::scenario

#endif  // AGENT_SCENARIO_VALIDATE_H_
