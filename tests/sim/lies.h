// Agents that do not tell the truth: their calls are well formed and wrong.
#ifndef TESTS_SIM_LIES_H_
#define TESTS_SIM_LIES_H_

#include "controller/scheduler/random.h"
#include "tests/sim/lab.h"

namespace crosscall::sim {

// From now on one call in a few of the board's is a lie: leases made up, denied or said to have failed, spools too
// long, sequences that jump; results for other attempts and other boards' trials, altered bytes, outcomes only a
// controller may say. `random` outlives the board.
void MakeLiar(Lab& lab, BoardAgent& board, scheduler::Random& random);

}  // namespace crosscall::sim

#endif  // TESTS_SIM_LIES_H_
