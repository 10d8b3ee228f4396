// A lab in one thread: a controller, boards with their agents, the network between them, and those who watch. Faults
// and users come from outside (weather.h, users.h, or a scenario).
//
// Not thread-safe.
#ifndef TESTS_SIM_LAB_H_
#define TESTS_SIM_LAB_H_

#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "controller/dispatch/settings.h"
#include "controller/scheduler/random.h"
#include "tests/sim/board_agent.h"
#include "tests/sim/conditions.h"
#include "tests/sim/controller_host.h"
#include "tests/sim/judge.h"
#include "tests/sim/ledger.h"
#include "tests/sim/network.h"
#include "tests/sim/outlet.h"
#include "tests/sim/promises.h"
#include "tests/sim/timeline.h"
#include "tests/sim/witness.h"

namespace crosscall::sim {

class Lab {
 public:
  struct Options {
    std::uint64_t seed = 1;
    // Of the store; empty but for the folder itself.
    std::string folder;
    dispatch::Settings settings;
    std::FILE* trace = nullptr;
  };
  // The controller runs when it returns.
  explicit Lab(Options options);

  // A board and its agent, which has not started. Another machine with the name of a board that is there: `twin`.
  BoardAgent& AddBoard(const std::string& id);
  BoardAgent& AddTwin(const BoardAgent& of);
  // The board's power command becomes known to the controller once the board is.
  Outlet& AddOutlet(BoardAgent& board, Outlet::Temper temper);

  // Runs until `end` or, if it comes first, until `done` says so. False if a rule was broken.
  bool RunUntil(
      absl::Duration end, const std::function<bool()>& done = [] { return false; });
  bool RunFor(absl::Duration span) { return RunUntil(timeline_.now() + span); }

  // Users' calls over a network without faults, as far as the controller lives. They return what came within a minute.
  absl::StatusOr<v1::Sweep> CreateSweep(const v1::CreateSweepRequest& request);
  absl::StatusOr<v1::Sweep> CancelSweep(const std::string& name);

  Timeline& timeline() { return timeline_; }
  Network& network() { return network_; }
  ControllerHost& controller() { return controller_; }
  Ledger& ledger() { return ledger_; }
  Judge& judge() { return judge_; }
  Witness& witness() { return witness_; }
  Conditions& conditions() { return conditions_; }
  Promises& promises() { return promises_; }
  const dispatch::Settings& settings() const { return settings_; }
  std::vector<std::unique_ptr<BoardAgent>>& boards() { return boards_; }
  // Null: it has none.
  Outlet* OutletOf(const BoardAgent& board);
  // A stream of its own for each purpose: what one draws does not change what another gets.
  scheduler::Random NewRandom() { return scheduler::Random(random_.Next()); }
  absl::Duration now() const { return timeline_.now(); }

 private:
  template <class Response>
  absl::StatusOr<Response> Ask(const std::function<void(dispatch::Done<Response>)>& call);
  void Tick();
  dispatch::Settings WithPower(dispatch::Settings settings);
  void TellPower(const Outlet& outlet);

  const dispatch::Settings settings_;
  scheduler::Random random_;
  Timeline timeline_;
  Judge judge_;
  Witness witness_;
  Conditions conditions_;
  Network network_;
  Ledger ledger_;
  ControllerHost controller_;
  std::vector<std::unique_ptr<BoardAgent>> boards_;
  std::map<std::string, std::unique_ptr<Outlet>> outlets_;
  // Those who tell the controller of outlets are at its side.
  Link desk_;
  Promises promises_;
};

}  // namespace crosscall::sim

#endif  // TESTS_SIM_LAB_H_
