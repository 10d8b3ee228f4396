#include "controller/scheduler/verdict.h"

#include "proto/shared/check.h"

namespace crosscall::scheduler {
namespace {

bool IsFinding(v1::Outcome outcome) {
  return outcome == v1::OUTCOME_COMPLETED || outcome == v1::OUTCOME_HUNG || outcome == v1::OUTCOME_CRASHED ||
         outcome == v1::OUTCOME_WEDGED || outcome == v1::OUTCOME_REFUSED;
}

std::uint64_t Moved(std::uint64_t count, int change) { return count + static_cast<std::uint64_t>(change); }

void CountFinished(v1::SweepProgress& progress, v1::Outcome outcome, int change) {
  switch (outcome) {
    case v1::OUTCOME_COMPLETED:
      return progress.set_completed_count(Moved(progress.completed_count(), change));
    case v1::OUTCOME_HUNG:
      return progress.set_hung_count(Moved(progress.hung_count(), change));
    case v1::OUTCOME_CRASHED:
      return progress.set_crashed_count(Moved(progress.crashed_count(), change));
    case v1::OUTCOME_WEDGED:
      return progress.set_wedged_count(Moved(progress.wedged_count(), change));
    case v1::OUTCOME_REFUSED:
      return progress.set_refused_count(Moved(progress.refused_count(), change));
    default:
      CROSSCALL_CHECK(IsFinding(outcome), "a FINISHED trial has a finding as its outcome");
  }
}

}  // namespace

v1::Trial::State AfterAttempt(v1::Outcome outcome, std::uint32_t attempts, std::uint32_t attempts_allowed,
                              bool sweep_is_ending) {
  if (IsFinding(outcome)) return v1::Trial::STATE_FINISHED;
  if (sweep_is_ending) return v1::Trial::STATE_CANCELLED;
  return attempts < attempts_allowed ? v1::Trial::STATE_PENDING : v1::Trial::STATE_FAILED;
}

double Coverage(const v1::SweepProgress& progress) {
  const std::uint64_t owed = progress.total_count() - progress.refused_count() - progress.left_count();
  if (owed == 0) return progress.left_count() == 0 ? 1 : 0;
  const std::uint64_t told =
      progress.completed_count() + progress.hung_count() + progress.crashed_count() + progress.wedged_count();
  return static_cast<double>(told) / static_cast<double>(owed);
}

std::uint64_t OpenTrials(const v1::SweepProgress& progress) {
  return progress.pending_count() + progress.running_count();
}

v1::Sweep::State SweepEnd(const v1::SweepProgress& progress, double required_coverage, bool cancelled_by_user) {
  if (cancelled_by_user) return v1::Sweep::STATE_CANCELLED;
  return Coverage(progress) >= required_coverage ? v1::Sweep::STATE_SUCCEEDED : v1::Sweep::STATE_FAILED;
}

void CountTrial(v1::SweepProgress& progress, v1::Trial::State state, v1::Outcome outcome, int change) {
  switch (state) {
    case v1::Trial::STATE_PENDING:
      return progress.set_pending_count(Moved(progress.pending_count(), change));
    case v1::Trial::STATE_RUNNING:
    case v1::Trial::STATE_DIAGNOSING:
      return progress.set_running_count(Moved(progress.running_count(), change));
    case v1::Trial::STATE_FINISHED:
      return CountFinished(progress, outcome, change);
    case v1::Trial::STATE_FAILED:
      return progress.set_failed_count(Moved(progress.failed_count(), change));
    case v1::Trial::STATE_CANCELLED:
    case v1::Trial::STATE_EXPIRED:
      return progress.set_cancelled_count(Moved(progress.cancelled_count(), change));
    default:
      CROSSCALL_CHECK(false, "a stored trial has a state");
  }
}

}  // namespace crosscall::scheduler
