// May this board take this trial now, and if not, why? One named predicate each, used to decide and to explain. Pure.
// ACTIVE boards take ordinary trials, CHECKING ones their health trial.
#ifndef CONTROLLER_SCHEDULER_PLACEMENT_H_
#define CONTROLLER_SCHEDULER_PLACEMENT_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "crosscall/v1/board.pb.h"
#include "crosscall/v1/trial.pb.h"
#include "proto/shared/release.h"

namespace crosscall::scheduler {

// A board as placement sees it.
struct BoardStanding {
  absl::string_view name;
  v1::Board::State state = v1::Board::STATE_ACTIVE;
  absl::string_view state_reason;
  bool has_session = false;
  // Its agent is late.
  bool silent = false;
  absl::Duration silent_for;
  // Self-check of the agent; empty if good.
  absl::string_view health;
  const v1::BoardDescription* description = nullptr;
  // Of the controller.
  std::uint32_t release = shared::Release();
  // Trial of its live lease; empty if it is free.
  absl::string_view running_trial;
  // A call of its agent waits for an answer. A lease is only granted into one: it is on its way with the commit, and no
  // attempt is lost on a board that has just gone.
  bool listening = false;
  // Something switches its power.
  bool switchable = false;
  // It is being switched off and on, as a lease asked for.
  bool booting = false;
  // The lab's limit on trials here.
  absl::Duration max_trial_time = absl::InfiniteDuration();
};

// The first predicate that keeps the board from taking any ordinary trial, as a sentence; nothing if it may.
absl::optional<std::string> WhyBoardWaits(const BoardStanding& board);

// The same for its health trial.
absl::optional<std::string> WhyCheckWaits(const BoardStanding& board);

// What of that keeps a health trial from being asked for at all: nobody would run it.
absl::optional<std::string> WhyNotReachable(const BoardStanding& board);

// Why the board, as it describes itself now, can never run `spec`; nothing if it can. `pinned`: the crosscall version
// that the trial's sweep has begun with on this board, since what two versions measured is not one result; empty if it
// has not begun.
absl::optional<std::string> WhyBoardCannotRun(const BoardStanding& board, const v1::TrialSpec& spec,
                                              absl::string_view pinned);

// Why `spec` waits for the board: the first predicate that fails, of the board or of the trial, as a sentence; without
// one it is the trial's turn. `ahead`: waiting trials that the board takes before it.
std::string WhyTrialWaits(const BoardStanding& board, const v1::TrialSpec& spec, absl::string_view pinned,
                          std::uint64_t ahead);

}  // namespace crosscall::scheduler

#endif  // CONTROLLER_SCHEDULER_PLACEMENT_H_
