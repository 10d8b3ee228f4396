// Operators of a simulated lab: they drain, quarantine and release boards at odd moments, and look after those that are
// quarantined.
#ifndef TESTS_SIM_OPERATORS_H_
#define TESTS_SIM_OPERATORS_H_

#include <string>

#include "absl/time/time.h"
#include "controller/dispatch/board_desk.h"
#include "controller/scheduler/random.h"
#include "tests/sim/lab.h"
#include "tests/sim/network.h"

namespace crosscall::sim {

// Not thread-safe; outlives the lab's actions.
class Operator {
 public:
  Operator(Lab& lab, scheduler::Random random) : lab_(lab), random_(std::move(random)) {}

  // Orders at random until `end`. What is withheld is released again now and then, also after it.
  void Plan(absl::Duration end);

 private:
  void OrderAny();
  void ReleaseAll();
  void Order(dispatch::BoardOrder::Kind kind, const std::string& board);

  Lab& lab_;
  scheduler::Random random_;
  Link link_;
  absl::Duration end_ = absl::ZeroDuration();
};

}  // namespace crosscall::sim

#endif  // TESTS_SIM_OPERATORS_H_
