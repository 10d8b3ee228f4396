// The per-CPU queue of `generic_2008` and `percpu_record`: a FIFO of single requests under a short lock.
//
// Orders: records and links are protected by lock_ (O1, O4). head_ is atomic only so that its CPU may look without
// the lock; a look that finds it empty relies on the doorbell: a request not yet visible to a handler has a kick that
// its Ack did not absorb (O2, O3 of the port), or, if this was a poll, one that is still latched or owed.
#ifndef AGENT_CORE_SINGLE_QUEUE_H_
#define AGENT_CORE_SINGLE_QUEUE_H_

#include "agent/core/record.h"
#include "agent/core/runtime.h"
#include "agent/core/section.h"
#include "agent/core/types.h"

namespace crosscall::core {

template <class P>
class alignas(kCacheLine) SingleQueue {
 public:
  // True if the queue was empty: the caller then owes the kick, for all that are appended until it is emptied.
  bool Append(P& port, Record<P>& record) {
    record.next.set(nullptr);
    const Barred<P> bar(port);
    const Locked<P> locked(lock_);
    const bool first = head_.load(Order::kRelaxed) == nullptr;  // Relaxed here and below: lock_ orders writers.
    if (first) {
      head_.store(&record, Order::kRelaxed);
    } else {
      tail_.get()->next.set(&record);
    }
    tail_.set(&record);
    return first;
  }

  bool LooksEmpty() const { return head_.load(Order::kRelaxed) == nullptr; }  // Relaxed: see above.

  // Takes all and runs them, oldest first; how many.
  u32 Drain(Runtime<P>& runtime) {
    u32 taken = 0;
    for (Record<P>* record = TakeAll(runtime.port); record != nullptr; ++taken) {
      Record<P>& current = *record;
      record = current.next.get();  // First: once unlocked, the record may be queued elsewhere or be gone.
      Serve(runtime, current);
    }
    return taken;
  }

 private:
  Record<P>* TakeAll(P& port) {
    if (LooksEmpty()) return nullptr;
    const Barred<P> bar(port);
    const Locked<P> locked(lock_);
    Record<P>* const all = head_.load(Order::kRelaxed);
    head_.store(nullptr, Order::kRelaxed);
    return all;
  }

  static void Serve(Runtime<P>& runtime, Record<P>& record) {
    const Function function = record.function.get();
    void* const argument = record.argument.get();
    const u64 call = record.call.get();
    const bool through = record.held_through_fn.get() != 0;
    runtime.account.Taken(call);
    if (!through) record.locked.store(0, Order::kRelease);  // O5, for the copies above; fn may queue it again.
    runtime.account.Run(call, function, argument);
    if (through) record.locked.store(0, Order::kRelease);  // O5: all of fn comes before. The record is gone from here.
    runtime.account.Completed(call);
  }

  typename P::SpinLock lock_ = {};
  typename P::template Atomic<Record<P>*> head_ = {};
  typename P::template Plain<Record<P>*> tail_ = {};
};

}  // namespace crosscall::core

#endif  // AGENT_CORE_SINGLE_QUEUE_H_
