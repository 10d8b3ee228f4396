// Why a board that is heard again was silent: what the table of the three clocks and rule H4 of the fleet reference
// leave open for a board that did not boot anew. Pure.
//
// A stopped agent, a board that stood still with all that runs on it (a paused guest) and a cut network look the same
// while they last. Afterwards the agent's own account tells them apart (v1::LifeSigns).
#ifndef CONTROLLER_SCHEDULER_SILENCE_H_
#define CONTROLLER_SCHEDULER_SILENCE_H_

#include <string>

#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "crosscall/v1/board_service.pb.h"

namespace crosscall::scheduler {

// A silence of a board that comes back in the same boot and incarnation.
struct SilenceFacts {
  // By the controller's clock, from the last call before it to the first after it.
  absl::Duration lasted;
  // By the controller's clock and by the agent's, from the last call before it to the call that explains it. Nothing:
  // this controller did not hear the call before.
  absl::optional<absl::Duration> elapsed;
  absl::optional<absl::Duration> aged;
  // What the calls after it said, put together; nothing: the agent is of a release that does not say it.
  absl::optional<v1::LifeSigns> signs;
};

// The more telling of both: what two calls in a row said, of which the second no longer has all that the first had.
v1::LifeSigns Together(const v1::LifeSigns& first, const v1::LifeSigns& second);

// In words, the cause first: AGENT, BOARD, NETWORK or UNKNOWN.
std::string WhySilent(const SilenceFacts& silence);

}  // namespace crosscall::scheduler

#endif  // CONTROLLER_SCHEDULER_SILENCE_H_
