#include "controller/dispatch/placing.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"

namespace crosscall::dispatch {
namespace {

TrialState& NextTrial(const BoardState& board) {
  const auto granted = [&board](std::int64_t sweep) {
    const auto found = board.granted.find(sweep);
    return found == board.granted.end() ? std::uint64_t{0} : found->second;
  };
  const auto sweep = std::min_element(board.pending.begin(), board.pending.end(), [&](const auto& a, const auto& b) {
    return granted(a.first) < granted(b.first);
  });
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
