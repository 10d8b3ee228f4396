// What the agent knows of the times in which its controller may not have heard it, and why. Pure; times are spans of
// one monotonic clock. Not thread-safe: the agent's loop owns it.
//
// A loop that does not turn was stopped or starved. Whether the board stood still with it, a witness tells: something
// outside the agent that only counts how long it ran (witness.h).
#ifndef AGENT_SUPERVISOR_LIFE_SIGNS_H_
#define AGENT_SUPERVISOR_LIFE_SIGNS_H_

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "crosscall/v1/board_service.pb.h"

namespace crosscall::supervisor {

class LifeSigns {
 public:
  explicit LifeSigns(absl::Duration start) : start_(start), last_turn_(start) {}

  // The loop turns. `witness_ran`: how long the witness has run in all; nothing without one.
  void OnTurn(absl::Duration now, std::optional<absl::Duration> witness_ran);
  // A call was answered; it was sent at `sent`, and the answer allowed to take as long as `hold`.
  void OnAnswered(absl::Duration sent, absl::Duration hold, absl::Duration now);
  void OnCallFailed() { ++failed_calls_; }

  // What goes with the call that is sent now. It is told again until a call is answered that had it.
  v1::LifeSigns Report(absl::Duration now);

 private:
  struct Standstill {
    absl::Duration agent;
    // Of that, what the witness did not run either.
    std::optional<absl::Duration> board;
  };

  absl::Duration start_;
  absl::Duration last_turn_;
  std::optional<absl::Duration> last_witness_;
  // The longest since the last report, and the longest that reports without an answer had.
  Standstill untold_;
  Standstill told_;
  absl::Duration answer_delay_;
  std::uint32_t failed_calls_ = 0;
};

}  // namespace crosscall::supervisor

#endif  // AGENT_SUPERVISOR_LIFE_SIGNS_H_
