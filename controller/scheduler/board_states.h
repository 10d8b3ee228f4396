// The state machine of a board, as the fleet reference's section 3 lists it. Pure.
//
// Every change of a board's stored state asks here first. ENROLLED is not part of it while boards need no certificate:
// a new board starts CHECKING. That a board is online, silent or busy is derived from its calls and lease, and never
// stored.
#ifndef CONTROLLER_SCHEDULER_BOARD_STATES_H_
#define CONTROLLER_SCHEDULER_BOARD_STATES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "crosscall/v1/board.pb.h"
#include "crosscall/v1/result.pb.h"

namespace crosscall::scheduler {

// `active`, `quarantined`, ...
std::string StateWord(v1::Board::State state);

// OK if the change is listed; FAILED_PRECONDITION names both states.
absl::Status CheckTransition(v1::Board::State from, v1::Board::State to);

// True where the controller expects the board to be at work soon without anybody's order: ACTIVE and CHECKING. Only
// such boards take part in sweeps that do not name them.
bool TakesPart(v1::Board::State state);

// Why a board in that state gets no ordinary work, as a sentence about `name`; empty for ACTIVE.
std::string WhyNoWork(absl::string_view name, v1::Board::State state, absl::string_view reason);

// What an attempt's cause begins with when the board itself is to blame, and not its agent, network or power.
inline constexpr absl::string_view kBoardCause = "BOARD: ";

// Whether an attempt that ended so counts against the board: LOST or not started (UNSPECIFIED), by the board's own
// fault.
bool IsStrike(v1::Outcome outcome, absl::string_view cause);

// That many strikes within the window put a board into quarantine.
inline constexpr int kStrikeLimit = 3;
inline constexpr absl::Duration kStrikeWindow = absl::Hours(24);

// Adds a strike and forgets those that are too old. True if the limit is reached.
bool AddStrike(v1::BoardRecord& record, absl::Time now);

// A health trial that failed may be bad luck once.
inline constexpr std::uint32_t kFailedCheckLimit = 2;

// When the next health trial is due: `period` after the last one that passed; InfinitePast if none did.
absl::Time CheckDue(const v1::BoardRecord& record, absl::Duration period);

// True if the board is not the machine, or not run by the agent, that was checked: another kernel or agent version.
bool NeedsCheck(const v1::BoardDescription& checked, const v1::BoardDescription& now);

}  // namespace crosscall::scheduler

#endif  // CONTROLLER_SCHEDULER_BOARD_STATES_H_
