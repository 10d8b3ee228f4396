// Who may speak for a board, and which of its calls count: rules P4 to P6 of the fleet reference. Pure.
#ifndef CONTROLLER_SCHEDULER_SESSION_H_
#define CONTROLLER_SCHEDULER_SESSION_H_

#include <cstdint>
#include <deque>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace crosscall::scheduler {

// The open session of a board as the controller's memory has it.
struct Session {
  // Empty: the board never had one.
  std::string incarnation_id;
  // 0: this controller has not heard this incarnation yet (it, or the controller, is new).
  std::uint64_t last_sequence = 0;
};

enum class Admission {
  kApply,     // the next call of the open session
  kApplyGap,  // some calls are missing: apply what is complete in each, and ask for the description
  kRepeat,    // the answer was lost: answer again, apply nothing
  kStale,     // overtaken by a later call: ABORTED
  kTakeOver,  // a new incarnation: the former session closes
  kFenced,    // an incarnation whose session was closed: ABORTED
};

// `known_closed`: the board's incarnation had a session that is closed.
Admission Admit(const Session& session, absl::string_view incarnation_id, std::uint64_t sequence, bool known_closed);

// Counts takeovers of a session that was plainly alive: its call was held when the newcomer came. An agent that was
// killed and started again is no such case, since its held call ended with its connection; two machines with one name
// are, again and again.
class TakeoverCounter {
 public:
  // True if with this one there were more than `limit` within `window`, now being `now` on a monotonic clock.
  bool Add(absl::Duration now, int limit, absl::Duration window);
  void Clear() { times_.clear(); }

 private:
  std::deque<absl::Duration> times_;
};

}  // namespace crosscall::scheduler

#endif  // CONTROLLER_SCHEDULER_SESSION_H_
