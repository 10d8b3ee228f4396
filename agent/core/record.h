// Call records of the queueing algorithms, and the record that a caller owns.
#ifndef AGENT_CORE_RECORD_H_
#define AGENT_CORE_RECORD_H_

#include "agent/core/types.h"

namespace crosscall::core {

// One request for one target. Fields but `locked` belong to the caller while the record is free and to the target
// while it is queued; `locked` hands it over:
//   1 -> 0  release, by the target: the record, and for a waiting call the results of fn, pass to the caller (O5).
//   a reader that finds 0 loads with acquire (O6): it may rewrite the record, or see what fn did.
//   0 -> 1  relaxed, by the owner: the queue's own publication orders it before the target's look (O1).
template <class P>
struct Record {
  typename P::template Plain<Record*> next = {};
  typename P::template Plain<Function> function = {};
  typename P::template Plain<void*> argument = {};
  typename P::template Plain<u64> call = {};
  // Whether `locked` is cleared after fn (someone waits for its end, or owns the record until then) or before it, so
  // that fn may use the record again.
  typename P::template Plain<u32> held_through_fn = {};
  typename P::template Atomic<u32> locked = {};

  void Fill(Function fn, void* arg, u64 id, bool through_fn) {
    function.set(fn);
    argument.set(arg);
    call.set(id);
    held_through_fn.set(through_fn ? 1 : 0);
    locked.store(1, Order::kRelaxed);  // Ordered by the publication that follows (O1).
  }
  bool IsFree() const {
    // Acquire: pairs with the target's release (O6).
    return locked.load(Order::kAcquire) == 0;
  }
};

// A request whose memory the caller owns, for Calls::CallAsync: never allocated, never waited for.
//
// The caller fills `function` and `argument` while the record is free. It is in use from a CallAsync that returned kOk
// until just before fn runs; so fn may queue it again, and a second CallAsync before that returns kBusy. It must
// outlive its use. The caller serialises its own accesses to one record.
template <class P>
struct AsyncRecord {
  Function function = nullptr;
  void* argument = nullptr;

  bool InUse() const { return !record.IsFree(); }

  Record<P> record;  // the algorithm's part
};

}  // namespace crosscall::core

#endif  // AGENT_CORE_RECORD_H_
