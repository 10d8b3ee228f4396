#include "controller/dispatch/placing.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace crosscall::dispatch {
namespace {

// The rank of a sweep that waits for the board, by its first trial.
scheduler::SweepRank RankOf(const Settings& settings, const World& world, const BoardState& board,
                            const decltype(BoardState::pending)::value_type& waiting, absl::Duration now) {
  const TrialState& first = *waiting.second.begin()->second;
  const v1::Sweep& sweep = first.sweep->row.sweep;
  scheduler::SweepRank rank;
  rank.priority = sweep.priority();
  rank.had_its_share =
      rank.priority == v1::Sweep::PRIORITY_AD_HOC && board.ad_hoc.FirstAgainAt(settings.ad_hoc_share, now) > now;
  rank.work = first.work;
  rank.share = world.shares.at(rank.priority).Of(sweep.owner(), now);
  rank.sweep = waiting.first;
  const auto granted = board.granted.find({rank.sweep, rank.work});
  if (granted != board.granted.end()) rank.granted = granted->second;
  return rank;
}

TrialState& NextTrial(const Settings& settings, const World& world, const BoardState& board, absl::Duration now) {
  TrialState* best = nullptr;
  scheduler::SweepRank least;
  for (const auto& waiting : board.pending) {
    const scheduler::SweepRank rank = RankOf(settings, world, board, waiting, now);
    if (best != nullptr && !(rank < least)) continue;
    least = rank;
    best = waiting.second.begin()->second;
  }
  return *best;
}

// A board that is being checked has its health trial and nothing else. HealthChecks looks after trials that cannot run.
void PlaceCheck(Batch& batch, const Settings& settings, World& world, BoardState& board) {
  const auto sweep = world.sweeps_by_name.find(board.row.record.check_sweep());
  if (sweep == world.sweeps_by_name.end()) return;
  const auto waiting = board.pending.find(sweep->second->row.number);
  if (waiting == board.pending.end() || scheduler::WhyCheckWaits(board.Standing(settings, batch.now()))) return;
  Attempts(settings, world).Grant(batch, *waiting->second.begin()->second);
}

}  // namespace

void Place(Batch& batch, const Settings& settings, World& world, BoardState& board) {
  if (board.row.state == v1::Board::STATE_CHECKING) return PlaceCheck(batch, settings, world, board);
  Attempts attempts(settings, world);
  while (!board.pending.empty()) {
    const scheduler::BoardStanding standing = board.Standing(settings, batch.now());
    if (scheduler::WhyBoardWaits(standing)) return;
    TrialState& trial = NextTrial(settings, world, board, batch.now());
    if (const absl::optional<std::string> never =
            scheduler::WhyBoardCannotRun(standing, trial.ParsedSpec(), trial.sweep->VersionOn(board))) {
      attempts.EndWaiting(batch, trial, v1::Trial::STATE_FAILED, absl::StrCat("NO_RESOURCE: ", *never));
      continue;
    }
    attempts.Grant(batch, trial);
  }
}

}  // namespace crosscall::dispatch
