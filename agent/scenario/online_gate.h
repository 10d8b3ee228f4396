// Keeps the set of callable CPUs still while a nowait call to several CPUs is queued. Nobody learns from such a call
// which targets were online; behind the gate a look at the set just before it is exact, and the caller then knows whose
// completion to await. Linux has the same exclusion: a caller runs with preemption off, and offlining waits for that.
//
// One word: how many CPUs are queueing, or kChanging. Who changes the set waits until nobody queues; who queues waits
// while it changes, unless the change is its own CPU's (its queue is drained meanwhile, and those functions may call).
// Thread safety: all members on all CPUs; `here` is a word of the calling CPU.
#ifndef AGENT_SCENARIO_ONLINE_GATE_H_
#define AGENT_SCENARIO_ONLINE_GATE_H_

#include "agent/core/port.h"
#include "agent/core/section.h"
#include "agent/scenario/barrier.h"

namespace crosscall::scenario {

template <core::Port P>
class alignas(core::kCacheLine) OnlineGate {
 public:
  // Runs `body` while no CPU enters or leaves the set.
  template <class Body>
  void Hold(P& port, const core::u64& here, Body&& body) {
    if (core::Peek(here) != 0) return body();
    AwaitPlainly(port, core::kNoCpu, [&] {
      // Relaxed: only a hint that the exchange below may succeed.
      core::u32 users = users_.load(core::Order::kRelaxed);
      // Acquire: sees the set as the last change left it. A failed exchange orders nothing.
      return users != kChanging && users_.compare_exchange(users, users + 1, core::Order::kAcquire);
    });
    body();
    // Release: the call is queued before the set may change.
    users_.fetch_add(~core::u32{0}, core::Order::kRelease);
  }

  // Runs `body`, which changes the set, while nobody queues behind the gate.
  template <class Body>
  void Change(P& port, core::u64& here, Body&& body) {
    // The word and `here` change together, else a function run by this CPU in between would wait for its own CPU.
    AwaitPlainly(port, core::kNoCpu, [&] {
      const core::Barred barred(port);
      core::u32 nobody = 0;
      // Acquire: pairs with the release of the last user.
      const bool mine = users_.compare_exchange(nobody, kChanging, core::Order::kAcquire);
      if (mine) core::Poke(here, 1);
      return mine;
    });
    body();
    const core::Barred barred(port);
    core::Poke(here, 0);
    // Release: the changed set is seen by who passes the gate next.
    users_.store(0, core::Order::kRelease);
  }

 private:
  static constexpr core::u32 kChanging = ~core::u32{0};
  typename P::template Atomic<core::u32> users_ = {};
};

}  // namespace crosscall::scenario

#endif  // AGENT_SCENARIO_ONLINE_GATE_H_
