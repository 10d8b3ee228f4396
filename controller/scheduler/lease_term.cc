#include "controller/scheduler/lease_term.h"

#include <algorithm>

#include "proto/shared/proto_time.h"

namespace crosscall::scheduler {
namespace {

absl::Duration HardCap(const LeaseRules& rules, const v1::TrialSpec& spec, absl::Duration now) {
  const absl::Duration limit = spec.has_time_limit() ? shared::SpanOf(spec.time_limit()) : rules.untimed_trial_limit;
  return now + limit + shared::SpanOf(spec.deadline()) + rules.cap_extra;
}

}  // namespace

LeaseTerm GrantTerm(const LeaseRules& rules, const v1::TrialSpec& spec, absl::Duration now) {
  const absl::Duration cap = HardCap(rules, spec, now);
  return {.expires = std::min(now + rules.first_term, cap), .hard_cap = cap};
}

absl::Duration RenewedUntil(const LeaseRules& rules, const LeaseTerm& lease, absl::Duration now) {
  return std::min(now + rules.term, lease.hard_cap);
}

LeaseTerm TermAfterRestart(const LeaseRules& rules, const v1::TrialSpec& spec, absl::Duration now) {
  const absl::Duration cap = HardCap(rules, spec, now);
  return {.expires = std::min(now + rules.term, cap), .hard_cap = cap};
}

bool WorthStoring(const LeaseRules& rules, absl::Duration stored, absl::Duration renewed) {
  return renewed - stored > rules.term / 4;
}

}  // namespace crosscall::scheduler
