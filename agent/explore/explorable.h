// Which scenarios can be searched. Pure.
#ifndef AGENT_EXPLORE_EXPLORABLE_H_
#define AGENT_EXPLORE_EXPLORABLE_H_

#include "absl/status/status.h"
#include "crosscall/v1/scenario.pb.h"

namespace crosscall::explore {

// Loops are searched as so many copies of their body, and device interrupts at every place where they may come.
inline constexpr unsigned kMaxRepeat = 8;
inline constexpr unsigned kMaxDeviceTimes = 8;

// INVALID_ARGUMENT names the line, what was found and what is allowed.
absl::Status CheckExplorable(const v1::Scenario& scenario);

}  // namespace crosscall::explore

#endif  // AGENT_EXPLORE_EXPLORABLE_H_
