// How long a lease lasts. Pure; instants are on the controller's monotonic clock.
#ifndef CONTROLLER_SCHEDULER_LEASE_TERM_H_
#define CONTROLLER_SCHEDULER_LEASE_TERM_H_

#include "absl/time/time.h"
#include "crosscall/v1/trial.pb.h"

namespace crosscall::scheduler {

struct LeaseRules {
  absl::Duration first_term;
  absl::Duration term;
  absl::Duration cap_extra;
  // The limit of a trial that only counts calls.
  absl::Duration untimed_trial_limit;
};

struct LeaseTerm {
  // The lease ends then unless a report renews it...
  absl::Duration expires;
  // ... and then in any case.
  absl::Duration hard_cap;
};

// A fresh lease has the first term to be reported. The hard cap is the trial's limit (time limit and one deadline,
// since a trial may hang at its very end) and the extra.
LeaseTerm GrantTerm(const LeaseRules& rules, const v1::TrialSpec& spec, absl::Duration now);

// A report renews it to a full term, never beyond the hard cap.
absl::Duration RenewedUntil(const LeaseRules& rules, const LeaseTerm& lease, absl::Duration now);

// After a restart of the controller each live lease gets one full term, and its hard cap counts anew: its agent may
// have tried to report all the while.
LeaseTerm TermAfterRestart(const LeaseRules& rules, const v1::TrialSpec& spec, absl::Duration now);

// A renewal is stored if it moves the expiry by more than a quarter of a term.
bool WorthStoring(const LeaseRules& rules, absl::Duration stored, absl::Duration renewed);

}  // namespace crosscall::scheduler

#endif  // CONTROLLER_SCHEDULER_LEASE_TERM_H_
