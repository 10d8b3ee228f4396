// A board as users and metrics see it.
#ifndef CONTROLLER_DISPATCH_BOARD_VIEW_H_
#define CONTROLLER_DISPATCH_BOARD_VIEW_H_

#include <memory>

#include "absl/time/time.h"
#include "controller/dispatch/settings.h"
#include "controller/dispatch/snapshot.h"
#include "controller/dispatch/world.h"

namespace crosscall::dispatch {

// `now` and `wall` are the same instant.
std::shared_ptr<const BoardView> ViewOf(const BoardState& board, const Settings& settings, absl::Duration now,
                                        absl::Time wall);

}  // namespace crosscall::dispatch

#endif  // CONTROLLER_DISPATCH_BOARD_VIEW_H_
