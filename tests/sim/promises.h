// Rules about time: work does not wait beside an idle board, sweeps end by their deadlines, a cancelled trial stops
// within a second. They bind the controller only while neither it nor the board is broken. Not thread-safe.
#ifndef TESTS_SIM_PROMISES_H_
#define TESTS_SIM_PROMISES_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "controller/dispatch/settings.h"
#include "tests/sim/board_agent.h"
#include "tests/sim/conditions.h"
#include "tests/sim/controller_host.h"
#include "tests/sim/judge.h"
#include "tests/sim/ledger.h"
#include "tests/sim/timeline.h"
#include "tests/sim/witness.h"

namespace crosscall::sim {

class Promises {
 public:
  struct Surroundings {
    Timeline& timeline;
    const Conditions& conditions;
    const Ledger& ledger;
    const Witness& witness;
    Judge& judge;
    const ControllerHost& controller;
    const dispatch::Settings& settings;
    const std::vector<std::unique_ptr<BoardAgent>>& boards;
  };
  explicit Promises(Surroundings around) : around_(around) {}

  // Looks again; called every few seconds.
  void Check();
  // A user was told that the sweep is cancelled, or being cancelled.
  void OnCancelled(const std::string& sweep);

 private:
  void CheckBoard(const BoardAgent& board);
  void CheckIdle(const std::string& name, bool starves);
  void CheckChecking(const std::string& name, bool checking);
  void CheckDiagnosis(const std::string& name, bool diagnosed);
  void CheckSweeps();
  void CheckCancelled(const std::string& sweep);

  const Surroundings around_;
  // Since when a board has been seen idle beside work.
  std::map<std::string, absl::Duration> idle_since_;
  // Since when a board that works has been seen on trial.
  std::map<std::string, absl::Duration> checking_since_;
  // Since when a diagnosis has been seen.
  std::map<std::string, absl::Duration> diagnosed_since_;
};

}  // namespace crosscall::sim

#endif  // TESTS_SIM_PROMISES_H_
