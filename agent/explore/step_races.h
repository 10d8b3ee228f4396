// Data races on plain fields in sequentially consistent memory, without clocks.
//
// Every access to an atomic, a lock or a latch synchronizes there: who reads knows all that its writers knew. Of two
// accesses that race there is then an execution in which nothing lies between the two but the rest of the step that the
// first one belongs to: drop all that neither depends on. So it is enough to compare an access with those that the
// other CPUs made in their last step, unless that step itself has let go of them since, at a cell that someone has
// read. As the search makes all executions, it finds the race; and as no more than last steps is remembered, states do
// not differ by how they were reached.
//
// Invariant: a CPU's accesses stand in program order; Release names how many of them that cell publishes.
// Thread safety: one search, one thread.
#ifndef AGENT_EXPLORE_STEP_RACES_H_
#define AGENT_EXPLORE_STEP_RACES_H_

#include <vector>

#include "agent/explore/fingerprint.h"

namespace crosscall::explore {

class StepRaces {
 public:
  explicit StepRaces(u32 cpus) : steps_(cpus) {}

  void Reset();
  // What that CPU did before is no longer its last step.
  void BeginStep(CpuId me);
  // False: a data race.
  bool Access(CpuId me, u32 word, bool write);
  // `cell`: any number that tells it from all others.
  void Release(CpuId me, u32 cell);
  void Acquire(CpuId me, u32 cell);
  // The object at that word ends its life.
  void Forget(u32 word);

  void AddTo(Fingerprint& print) const;

 private:
  struct Made {
    u32 word;
    bool write;
    bool operator==(const Made&) const = default;
  };
  struct Released {
    u32 cell;
    u32 count;  // so many of `accesses`, the first ones
  };
  struct Step {
    std::vector<Made> accesses;
    std::vector<Released> releases;
  };
  std::vector<Step> steps_;  // by CPU
};

}  // namespace crosscall::explore

#endif  // AGENT_EXPLORE_STEP_RACES_H_
