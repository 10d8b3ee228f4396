#include "controller/dispatch/report.h"

#include <algorithm>

namespace crosscall::dispatch {

const v1::HeldLease* FindHeld(const v1::SynchronizeRequest& request, absl::string_view trial, std::uint32_t attempt) {
  for (const v1::HeldLease& lease : request.leases()) {
    if (lease.trial() == trial && lease.attempt() == attempt) return &lease;
  }
  return nullptr;
}

bool SpoolLists(const v1::SynchronizeRequest& request, absl::string_view trial, std::uint32_t attempt) {
  return std::any_of(request.spool().begin(), request.spool().end(), [trial, attempt](const v1::SpooledResult& result) {
    return result.trial() == trial && result.attempt() == attempt;
  });
}

bool SpoolMayHold(const v1::SynchronizeRequest& request, absl::string_view trial, std::uint32_t attempt) {
  return request.spooled_count() > static_cast<std::uint32_t>(request.spool_size()) ||
         SpoolLists(request, trial, attempt);
}

Reported ReportedBy(const v1::SynchronizeRequest& request) {
  Reported reported;
  for (const v1::HeldLease& lease : request.leases()) reported.leases.emplace_back(lease.trial(), lease.attempt());
  for (const v1::SpooledResult& result : request.spool()) reported.spool.emplace_back(result.trial(), result.attempt());
  reported.spool_is_longer = request.spooled_count() > static_cast<std::uint32_t>(request.spool_size());
  return reported;
}

bool IsAsReported(const BoardState& board) {
  const Reported& reported = board.reported;
  if (!board.IsToHoldLease()) return reported.leases.empty();
  const AttemptId wanted(board.lease->trial->row.trial.name(), board.lease->row.attempt);
  const auto is_wanted = [&wanted](const AttemptId& id) { return id == wanted; };
  if (!std::all_of(reported.leases.begin(), reported.leases.end(), is_wanted)) return false;
  if (!reported.leases.empty()) return true;
  // A lease that no report has listed cannot be among the results that a long spool does not list.
  const bool unlisted = reported.spool_is_longer && board.lease->state == scheduler::LeaseState::kActive;
  return unlisted || std::any_of(reported.spool.begin(), reported.spool.end(), is_wanted);
}

}  // namespace crosscall::dispatch
