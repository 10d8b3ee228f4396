// The power of a simulated board, as its power command switches and reads it: honest, lying, without a reading, or
// dead. Also who sees what is done to boards that are not silent, or too often.
//
// Not thread-safe.
#ifndef TESTS_SIM_OUTLET_H_
#define TESTS_SIM_OUTLET_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "controller/dispatch/power_port.h"
#include "controller/dispatch/settings.h"
#include "controller/scheduler/random.h"
#include "tests/sim/board_agent.h"
#include "tests/sim/conditions.h"
#include "tests/sim/judge.h"
#include "tests/sim/ledger.h"
#include "tests/sim/timeline.h"
#include "tests/sim/witness.h"

namespace crosscall::sim {

class Outlet {
 public:
  enum class Temper {
    kHonest,
    kLying,  // does nothing, and says that all was done
    kBlind,  // switches, and cannot read
    kDead,   // every run takes all the time it is given, and fails
  };
  struct Surroundings {
    Timeline& timeline;
    Ledger& ledger;
    const Witness& witness;
    Conditions& conditions;
    Judge& judge;
    const dispatch::Settings& settings;
  };
  Outlet(BoardAgent& board, Temper temper, Surroundings around, scheduler::Random random)
      : board_(board), temper_(temper), around_(around), random_(std::move(random)) {}

  const std::string& board() const { return board_.board(); }
  // What the lab says of it.
  v1::PowerCommand Command() const;

  // One run of the command; `done` comes later.
  void Run(const std::string& word, absl::Duration limit, std::function<void(const scheduler::CommandReport&)> done);

  // The board stops for good: only another boot ends that.
  void Wedge();

 private:
  scheduler::CommandReport Obey(absl::string_view word);
  scheduler::CommandReport Lie(absl::string_view word);
  void Boot(absl::Duration after);
  void CheckSwitching(absl::string_view word);

  BoardAgent& board_;
  const Temper temper_;
  const Surroundings around_;
  scheduler::Random random_;
  std::string console_ = "login:";
  // What it said last that it did.
  std::string told_ = "on";
  bool wedge_is_a_fault_ = false;
  // Of the diagnosis whose cycle was begun last, and when that was.
  int diagnosis_ = 0;
  std::vector<absl::Duration> cycles_;
};

}  // namespace crosscall::sim

#endif  // TESTS_SIM_OUTLET_H_
