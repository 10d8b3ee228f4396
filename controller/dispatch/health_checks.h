// What the controller does about boards by itself: health trials before work (rule S9 of the fleet reference), the end
// of a drain, quarantine of a board whose self-check stays bad.
#ifndef CONTROLLER_DISPATCH_HEALTH_CHECKS_H_
#define CONTROLLER_DISPATCH_HEALTH_CHECKS_H_

#include <string>

#include "absl/status/statusor.h"
#include "controller/dispatch/attempts.h"
#include "controller/dispatch/batch.h"
#include "controller/dispatch/settings.h"
#include "controller/dispatch/sweep_desk.h"
#include "controller/dispatch/world.h"

namespace crosscall::dispatch {

// A health trial is a sweep of the controller's own with one trial; the board's record names it while it is open.
class HealthChecks {
 public:
  HealthChecks(const Settings& settings, World& world, SweepDesk& desk)
      : settings_(settings), world_(world), desk_(desk), attempts_(settings, world) {}

  // Does what is due for the board, so that placement finds its state right: for each board of a batch, before
  // placement. Doing it twice changes nothing.
  void Tend(Batch& batch, BoardState& board);

 private:
  bool enabled() const { return settings_.health_period > absl::ZeroDuration(); }
  void Judge(Batch& batch, BoardState& board);
  void Pass(Batch& batch, BoardState& board, const std::string& reason);
  void Fail(Batch& batch, BoardState& board, const std::string& why);
  void Start(Batch& batch, BoardState& board);
  // Makes the health trial; its sweep's name.
  absl::StatusOr<std::string> Ask(Batch& batch, const BoardState& board);
  void Forget(Batch& batch, BoardState& board);

  const Settings& settings_;
  World& world_;
  SweepDesk& desk_;
  Attempts attempts_;
};

}  // namespace crosscall::dispatch

#endif  // CONTROLLER_DISPATCH_HEALTH_CHECKS_H_
