// The call lock of an algorithm that holds one over the wait: taken at site `own`, accounted for as LockState 0.
//
// The interrupt mask stays as the caller had it, while the lock is spun for and while it is held. Taking and releasing
// are barred sections together with their account: a handler that comes between the two, and never returns, would leave
// the holder unknown to the observer. Not recursive: a CPU that wants the lock it holds waits for ever.
#ifndef AGENT_CORE_OWN_LOCK_H_
#define AGENT_CORE_OWN_LOCK_H_

#include "agent/core/runtime.h"
#include "agent/core/section.h"
#include "agent/core/types.h"

namespace crosscall::core {

template <class P>
class alignas(kCacheLine) OwnLock {
 public:
  void Acquire(Runtime<P>& runtime, const CallToken& call) {
    runtime.wait.Until(Site::kOwn, WaitingFor{call.id, 0, nullptr}, [&] { return TryAcquire(runtime, call.me); });
  }
  void Release(Runtime<P>& runtime) {
    const Barred<P> bar(runtime.port);
    runtime.account.LockReleased(0);
    holder_.store(0, Order::kRelease);  // Pairs with TryAcquire.
  }

 private:
  bool TryAcquire(Runtime<P>& runtime, CpuId me) {
    // Look before the exchange, so that waiters share the line. Relaxed: the exchange decides.
    if (holder_.load(Order::kRelaxed) != 0) return false;
    const Barred<P> bar(runtime.port);
    u32 free = 0;
    // Acquire: the former holder's last looks at what the lock protects come before our writes.
    if (!holder_.compare_exchange(free, me + 1, Order::kAcquire)) return false;
    runtime.account.LockTaken(0);
    return true;
  }

  typename P::template Atomic<u32> holder_ = {};  // CPU + 1, 0 if free
};

}  // namespace crosscall::core

#endif  // AGENT_CORE_OWN_LOCK_H_
