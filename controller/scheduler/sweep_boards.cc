#include "controller/scheduler/sweep_boards.h"

#include <algorithm>
#include <cstdint>

namespace crosscall::scheduler {
namespace {

constexpr double kReportedShare = 0.95;

}  // namespace

SweepBoardsCount::Fate SweepBoardsCount::FateOf(v1::Trial::State state, v1::Outcome outcome) {
  // A trial that was cancelled or expired may have had attempts; it has no result that counts.
  if (state != v1::Trial::STATE_FINISHED && state != v1::Trial::STATE_FAILED) return Fate::kMissing;
  switch (outcome) {
    case v1::OUTCOME_COMPLETED:
      return Fate::kCompleted;
    case v1::OUTCOME_HUNG:
      return Fate::kHung;
    case v1::OUTCOME_CRASHED:
      return Fate::kCrashed;
    case v1::OUTCOME_WEDGED:
      return Fate::kWedged;
    case v1::OUTCOME_REFUSED:
      return Fate::kRefused;
    case v1::OUTCOME_INVALID:
      return Fate::kInvalid;
    default:
      return Fate::kMissing;
  }
}

void SweepBoardsCount::Add(const std::string& board, v1::Trial::State state, v1::Outcome outcome) {
  const Fate fate = FateOf(state, outcome);
  const auto [known, fresh] = boards_.emplace(board, fate);
  if (!fresh) known->second = std::min(known->second, fate);
}

v1::SweepBoards SweepBoardsCount::Count() const {
  std::map<Fate, std::uint32_t> counts;
  for (const auto& [board, fate] : boards_) ++counts[fate];
  v1::SweepBoards boards;
  boards.set_missing_count(counts[Fate::kMissing]);
  boards.set_wedged_count(counts[Fate::kWedged]);
  boards.set_hung_count(counts[Fate::kHung]);
  boards.set_crashed_count(counts[Fate::kCrashed]);
  boards.set_invalid_count(counts[Fate::kInvalid]);
  boards.set_refused_count(counts[Fate::kRefused]);
  boards.set_completed_count(counts[Fate::kCompleted]);
  return boards;
}

bool IsSuccess(const v1::SweepBoards& boards) {
  const std::uint32_t reported = boards.wedged_count() + boards.hung_count() + boards.crashed_count() +
                                 boards.invalid_count() + boards.refused_count() + boards.completed_count();
  const std::uint32_t all = reported + boards.missing_count();
  return all > 0 && reported >= kReportedShare * all;
}

}  // namespace crosscall::scheduler
