// Gives a free board its next trial.
#ifndef CONTROLLER_DISPATCH_PLACING_H_
#define CONTROLLER_DISPATCH_PLACING_H_

#include "controller/dispatch/attempts.h"
#include "controller/dispatch/batch.h"
#include "controller/dispatch/settings.h"
#include "controller/dispatch/world.h"

namespace crosscall::dispatch {

// Grants a lease if the predicates of controller/scheduler/placement.h let the board take one and a trial waits for it.
// A trial that the board can never run any more ends as FAILED, with the reason. Which trial is next is said in
// controller/scheduler/work_order.h.
void Place(Batch& batch, const Settings& settings, World& world, BoardState& board);

}  // namespace crosscall::dispatch

#endif  // CONTROLLER_DISPATCH_PLACING_H_
