// Why the trials of a sweep wait: rule S12 of the fleet reference. Reads the world, changes nothing.
#ifndef CONTROLLER_DISPATCH_EXPLAIN_H_
#define CONTROLLER_DISPATCH_EXPLAIN_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controller/dispatch/settings.h"
#include "controller/dispatch/world.h"
#include "crosscall/v1/sweep_service.pb.h"

namespace crosscall::dispatch {

// One page of the sweep that the request names; an empty one if it has ended or is not there. INVALID_ARGUMENT: page
// size or token.
absl::StatusOr<v1::ExplainSweepResponse> Explain(const World& world, const Settings& settings,
                                                 const v1::ExplainSweepRequest& request, absl::Duration now,
                                                 absl::Time wall);

}  // namespace crosscall::dispatch

#endif  // CONTROLLER_DISPATCH_EXPLAIN_H_
