// The parts of the fleet benchmark; each makes its figures and leaves fleet and controller idle. An error says that
// something did not work, so that there is no figure.
#ifndef TESTS_BENCH_FLEET_SCENES_H_
#define TESTS_BENCH_FLEET_SCENES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tests/bench/fleet/controller_process.h"
#include "tests/bench/fleet/figures.h"
#include "tests/bench/fleet/fleet.h"
#include "tests/bench/fleet/lab_user.h"

namespace crosscall::fleet {

// How much of each; --short has less of all.
struct Sizes {
  std::uint32_t boards = 200;
  absl::Duration idle = absl::Seconds(60);
  std::uint32_t ad_hoc_trials = 500;
  std::uint32_t busy_boards = 20;
  std::uint32_t busy_trials = 30;
  absl::Duration busy_trial_time = absl::Seconds(1);
  std::uint32_t flood_trials = 20;  // for each board
  // A round has one stretch with the stopped agent and one without.
  std::uint32_t stop_rounds = 4;
  absl::Duration stop_stretch = absl::Seconds(8);
  // Of the trials that a restart meets.
  absl::Duration restart_trial_time = absl::Seconds(5);
  // Agents beyond what a controller takes.
  std::uint32_t surplus = 100;
};

struct Stage {
  const Sizes& sizes;
  const std::vector<std::string>& boards;  // names of the fleet's boards
  ControllerProcess& controller;
  Fleet& fleet;
  LabUser& user;
  Figures& figures;
};

// Far beyond what anything here takes.
inline constexpr absl::Duration kPatience = absl::Minutes(5);

// One trial on one idle board: from the call to CreateSweep until the board has the lease. Returns once the board is
// idle again.
absl::StatusOr<absl::Duration> DispatchOnce(Stage& stage, const std::string& board);

// CPU of the controller while nothing happens.
absl::Status IdleScene(Stage& stage);
// How soon a trial of a person starts on an idle board.
absl::Status AdHocScene(Stage& stage);
// How much of their time boards measure.
absl::Status BusyScene(Stage& stage);
// How many results an hour, with trials that take no time.
absl::Status FloodScene(Stage& stage);
// What a stopped agent does to the others.
absl::Status StoppedAgentScene(Stage& stage);
// How long a controller is away that is stopped and started, with boards that work meanwhile.
absl::Status RestartScene(Stage& stage);

// More agents than a controller takes, on a controller of its own that takes as many as the others have boards: the
// surplus is delayed and costs nothing, the others work, and once there is room all are let in. Beside `stage` only its
// sizes, number of boards and figures are used.
absl::Status SurplusScene(Stage& stage, const std::string& program, const std::string& folder);

}  // namespace crosscall::fleet

#endif  // TESTS_BENCH_FLEET_SCENES_H_
