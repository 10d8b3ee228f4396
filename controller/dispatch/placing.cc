#include "controller/dispatch/placing.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"

namespace crosscall::dispatch {
namespace {

// The rank of a sweep that waits for the board, by its first trial.
scheduler::SweepRank RankOf(const BoardState& board, const decltype(BoardState::pending)::value_type& waiting) {
  scheduler::SweepRank rank;
  rank.work = waiting.second.begin()->first.work;
  rank.sweep = waiting.first;
  const auto granted = board.granted.find({rank.sweep, rank.work});
  if (granted != board.granted.end()) rank.granted = granted->second;
  return rank;
}

TrialState& NextTrial(const BoardState& board) {
  const auto sweep =
      std::min_element(board.pending.begin(), board.pending.end(),
                       [&board](const auto& a, const auto& b) { return RankOf(board, a) < RankOf(board, b); });
  return *sweep->second.begin()->second;
}

}  // namespace

void Place(Batch& batch, const Settings& settings, World& world, BoardState& board) {
  Attempts attempts(settings, world);
  while (!board.pending.empty()) {
    const scheduler::BoardStanding standing = board.Standing(settings, batch.now());
    if (scheduler::WhyBoardWaits(standing)) return;
    TrialState& trial = NextTrial(board);
    if (const absl::optional<std::string> never = scheduler::WhyBoardCannotRun(standing, trial.ParsedSpec())) {
      attempts.EndWaiting(batch, trial, v1::Trial::STATE_FAILED, absl::StrCat("NO_RESOURCE: ", *never));
      continue;
    }
    attempts.Grant(batch, trial);
  }
}

}  // namespace crosscall::dispatch
