// The nowait calls of one CPU that may still run, oldest first, in a ring of preallocated records.
//
// Invariants: slots [tail, next) are issuing, in flight or finished; all others are free. A slot is re-used only after
// every target has finished with it. The compiler sizes the ring so that a program seldom waits for a slot.
// Thread safety: one CPU, its program and the handlers that interrupt it. A handler's calls nest: they end before the
// interrupted code goes on, so only Take needs a barred section.
#ifndef AGENT_SCENARIO_NOWAIT_RING_H_
#define AGENT_SCENARIO_NOWAIT_RING_H_

#include "agent/core/port.h"
#include "agent/core/section.h"
#include "agent/core/stage.h"
#include "agent/scenario/call_record.h"

namespace crosscall::scenario {

template <core::Port P>
class NowaitRing {
 public:
  using Slot = NowaitSlot<P>;

  // `count` is a power of two.
  void Attach(Slot* slots, core::u32 count) {
    slots_ = slots;
    mask_ = count - 1;
  }

  // The next slot, in state kIssuing, or null while the oldest is not finished.
  Slot* TryTake(P& port) {
    const core::Barred barred(port);
    Retire();
    const core::u64 next = core::Peek(next_);
    if (next - core::Peek(tail_) > mask_) return nullptr;
    Slot* const taken = &slots_[next & mask_];
    core::Poke(taken->state, Slot::kIssuing);
    core::Poke(next_, next + 1);
    return taken;
  }

  // True once every call that had been queued when this was first asked is finished. `cursor` starts as Begin(). Calls
  // that are just being issued by interrupted code are passed over: they cannot move before we return.
  bool FinishedSince(core::u64& cursor) const {
    const core::u64 next = core::Peek(next_);
    // Slots before the tail may serve newer calls by now, those of handlers.
    if (cursor < core::Peek(tail_)) cursor = core::Peek(tail_);
    for (; cursor < next; ++cursor) {
      const Slot& slot = slots_[cursor & mask_];
      if (core::Peek(slot.state) == Slot::kInFlight && !slot.Finished()) return false;
    }
    return true;
  }
  // The CPUs that calls from `cursor` on are waiting for, for the observer of a hang.
  core::CpuSet Unfinished(core::u64 cursor) const {
    core::CpuSet cpus;
    for (const core::u64 next = core::Peek(next_); cursor < next; ++cursor) {
      const Slot& slot = slots_[cursor & mask_];
      if (core::Peek(slot.state) == Slot::kInFlight) slot.AddUnfinished(cpus);
    }
    return cpus;
  }
  core::u64 Begin() const { return core::Peek(tail_); }

 private:
  void Retire() {
    core::u64 tail = core::Peek(tail_);
    const core::u64 next = core::Peek(next_);
    for (; tail < next; ++tail) {
      Slot& slot = slots_[tail & mask_];
      const core::u64 state = core::Peek(slot.state);
      if (state == Slot::kIssuing || (state == Slot::kInFlight && !slot.Finished())) break;
      core::Poke(slot.state, Slot::kFree);
    }
    core::Poke(tail_, tail);
  }

  Slot* slots_ = nullptr;
  core::u64 mask_ = 0;
  core::u64 tail_ = 0;
  core::u64 next_ = 0;
};

}  // namespace crosscall::scenario

#endif  // AGENT_SCENARIO_NOWAIT_RING_H_
