// What a Synchronize call says about leases. Pure.
#ifndef CONTROLLER_DISPATCH_REPORT_H_
#define CONTROLLER_DISPATCH_REPORT_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "controller/dispatch/world.h"
#include "crosscall/v1/board_service.pb.h"

namespace crosscall::dispatch {

// The lease as the agent holds it, or null.
const v1::HeldLease* FindHeld(const v1::SynchronizeRequest& request, absl::string_view trial, std::uint32_t attempt);

// The spool lists the result.
bool SpoolLists(const v1::SynchronizeRequest& request, absl::string_view trial, std::uint32_t attempt);

// The same, or the spool has more than it lists.
bool SpoolMayHold(const v1::SynchronizeRequest& request, absl::string_view trial, std::uint32_t attempt);

Reported ReportedBy(const v1::SynchronizeRequest& request);

// The agent holds exactly what it should. An attempt in its spool has run: it counts as held, and must not be offered
// again; a spooled result that is no longer wanted is nothing to stop.
bool IsAsReported(const BoardState& board);

}  // namespace crosscall::dispatch

#endif  // CONTROLLER_DISPATCH_REPORT_H_
