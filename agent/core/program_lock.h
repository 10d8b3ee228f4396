// A lock of the program under test: a plain, non-recursive spin lock that leaves the interrupt mask alone. Taken and
// released by Calls::Lock and Unlock, whose wait loop follows the wait policy.
#ifndef AGENT_CORE_PROGRAM_LOCK_H_
#define AGENT_CORE_PROGRAM_LOCK_H_

#include "agent/core/types.h"

namespace crosscall::core {

template <class P>
class ProgramLock {
 public:
  // `index` is the lock's LockState in the flight region, from 1.
  explicit ProgramLock(u32 index) : index_(index) {}

  u32 index() const { return index_; }
  // Relaxed: only ever compared with the asking CPU, which knows its own stores.
  bool HeldBy(CpuId cpu) const { return holder_.load(Order::kRelaxed) == cpu + 1; }

  bool TryLock(CpuId me) {
    // Look before the exchange, so that waiters share the line until it is free. Relaxed: the exchange decides.
    if (holder_.load(Order::kRelaxed) != 0) return false;
    u32 free = 0;
    // Acquire: what the former holder stored is visible in the section.
    return holder_.compare_exchange(free, me + 1, Order::kAcquire);
  }
  // Release: what the section stored is visible to the next holder.
  void Release() { holder_.store(0, Order::kRelease); }

 private:
  typename P::template Atomic<u32> holder_ = {};  // CPU + 1, 0 if free
  const u32 index_;
};

}  // namespace crosscall::core

#endif  // AGENT_CORE_PROGRAM_LOCK_H_
