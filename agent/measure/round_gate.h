// Where CPUs meet between rounds and between batches: the last one to arrive does what has to be done once, then all go
// on. Interrupts are served while waiting.
#ifndef AGENT_MEASURE_ROUND_GATE_H_
#define AGENT_MEASURE_ROUND_GATE_H_

#include <atomic>
#include <cstdint>

#include "agent/measure/idler.h"

namespace crosscall::measure {

// Thread-safe; `parties` threads meet, each of which calls Meet in every generation.
class RoundGate {
 public:
  // `idler` says how to wait, and outlives the gate.
  RoundGate(std::uint32_t parties, const Idler& idler) : parties_(parties), idler_(idler) {}

  // What all did before they met is visible to `leader`, and what it did to all afterwards.
  template <class Leader>
  void Meet(Leader&& leader) {
    // Relaxed: the generation cannot change before this thread has arrived.
    const std::uint32_t generation = generation_.load(std::memory_order_relaxed);
    // Acquire-release: the leader sees what those before it did, and the chain goes on through it.
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 < parties_) {
      idler_.WaitWhile(generation_, generation);
      return;
    }
    leader();
    // Relaxed: ordered by the release below, which all others wait for.
    arrived_.store(0, std::memory_order_relaxed);
    idler_.Change(generation_, generation + 1);
  }

 private:
  const std::uint32_t parties_;
  const Idler& idler_;
  alignas(64) std::atomic<std::uint32_t> arrived_{0};
  alignas(64) std::atomic<std::uint32_t> generation_{0};
};

}  // namespace crosscall::measure

#endif  // AGENT_MEASURE_ROUND_GATE_H_
