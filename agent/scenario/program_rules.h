// The rules over whole programs: what they hold when they unlock, how often they meet, which functions never end.
// validate.h states them. Requires a scenario whose names and numbers are already checked. Pure.
#ifndef AGENT_SCENARIO_PROGRAM_RULES_H_
#define AGENT_SCENARIO_PROGRAM_RULES_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "agent/scenario/validate.h"
#include "crosscall/v1/scenario.pb.h"

namespace crosscall::scenario {

absl::Status CheckPrograms(const v1::Scenario& scenario, Locator locate);

// The word that the language has for an operation.
absl::string_view OperationWord(const v1::Operation& operation);

}  // namespace crosscall::scenario

#endif  // AGENT_SCENARIO_PROGRAM_RULES_H_
