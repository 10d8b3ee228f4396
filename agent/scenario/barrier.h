// The rendezvous behind the operation `barrier`: the last to arrive opens it for all, and it is ready for re-use at
// once.
//
// Sense reversal with a counted phase (Hensgen, Finkel and Manber 1988 describe the family). Each party arrives once
// per phase. Interrupts stay as they are, so called functions run meanwhile where they may; no wait policy is asked.
// Thread safety: Meet runs on all parties at once; never in a handler.
#ifndef AGENT_SCENARIO_BARRIER_H_
#define AGENT_SCENARIO_BARRIER_H_

#include "agent/core/account.h"
#include "agent/core/port.h"
#include "agent/core/stage.h"

namespace crosscall::scenario {

// Waits without a policy and says so in the CPU's state, so that a hang report can name the barrier.
template <core::Port P, class Condition>
void AwaitPlainly(P& port, core::u64 wait_for, Condition&& condition) {
  port.BeginWait();
  if (condition()) return;
  core::CpuState& state = port.state();
  // A called function may wait here on top of another wait of its CPU, which goes on afterwards.
  const core::u64 outer_for = core::Peek(state.wait_for);
  const core::u64 outer_since = core::Peek(state.wait_since);
  const core::u64 outer_site = core::Peek(state.site);
  core::Poke(state.wait_for, wait_for);
  core::Poke(state.wait_since, port.Now());
  core::Poke(state.site, static_cast<core::u64>(core::Site::kBarrier));
  do {
    core::Bump(state.heartbeat);
    port.Pause();
    port.BeginLook();
  } while (!condition());
  core::Poke(state.site, outer_site);
  core::Poke(state.wait_since, outer_since);
  core::Poke(state.wait_for, outer_for);
}

template <core::Port P>
class alignas(core::kCacheLine) Barrier {
 public:
  void Meet(P& port, core::u32 parties, core::u32 index) {
    // Relaxed: the phase cannot move before we arrive, and our passage through the last one acquired it.
    const core::u32 phase = phase_.load(core::Order::kRelaxed);
    // Release: what we did before is part of what the last arrival publishes. Acquire: the last arrival has it all.
    if (arrived_.fetch_add(1, core::Order::kAcqRel) + 1 == parties) {
      // Relaxed: nobody arrives for the next phase before it has acquired the phase stored below.
      arrived_.store(0, core::Order::kRelaxed);
      // Release: hands everything done before the barrier to everybody behind it.
      phase_.store(phase + 1, core::Order::kRelease);
      return;
    }
    // Acquire: pairs with the release above.
    AwaitPlainly(port, index, [&] { return phase_.load(core::Order::kAcquire) != phase; });
  }

 private:
  typename P::template Atomic<core::u32> arrived_ = {};
  typename P::template Atomic<core::u32> phase_ = {};
};

}  // namespace crosscall::scenario

#endif  // AGENT_SCENARIO_BARRIER_H_
