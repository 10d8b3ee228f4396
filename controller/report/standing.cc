#include "controller/report/standing.h"

namespace crosscall::report {

void Standing::Count(const v1::Trial& trial) {
  switch (trial.state()) {
    case v1::Trial::STATE_FINISHED:
      break;
    case v1::Trial::STATE_FAILED:
      ++failed;
      return;
    case v1::Trial::STATE_CANCELLED:
    case v1::Trial::STATE_EXPIRED:
      ++ended_early;
      return;
    default:
      ++open;
      return;
  }
  switch (trial.outcome()) {
    case v1::OUTCOME_COMPLETED:
      ++completed;
      return;
    case v1::OUTCOME_HUNG:
      ++hung;
      return;
    case v1::OUTCOME_CRASHED:
      ++crashed;
      return;
    case v1::OUTCOME_REFUSED:
      ++refused;
      return;
    case v1::OUTCOME_WEDGED:
      ++wedged;
      return;
    default:
      ++failed;
  }
}

}  // namespace crosscall::report
