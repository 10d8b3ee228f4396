// `call_lock`: one global record; a global lock is held over the wait. x86 before June 2008.
//
// Invariants
//   The holder of lock_ owns function_, argument_, call_, wait_, async_ and the growth of todo_ and busy_.
//   todo_: targets that have not taken the request. busy_: targets whose fn has not ended; empty for a nowait call.
//   lock_ is released only with todo_ and busy_ empty. Nothing is allocated or freed.
//
// Orders, by the six that every algorithm owes (reference, section 4)
//   O1  the record's fields are written before todo_ is stored with release.
//   O2  todo_ is stored before SendIpis, a full barrier.
//   O3  Ack is a full barrier before the look at todo_.
//   O4  the look at todo_ is an acquire; the fields are copied before the own bit is removed.
//   O5  the bit leaves busy_ with release after fn; without wait it leaves todo_ with release after the copies.
//   O6  the caller sees busy_ (todo_) empty with acquire, then returns, or lets the next holder rewrite the record.
//   Several targets remove bits of one word: each removal is a read-modify-write, so it continues the release sequence
//   of those before it, and one acquire of the empty word pairs with all of them.
//
// Beside whom (section 4.8)
//   two callers, any targets; mask beside single     S
//   two nowait singles of one caller                 S(t), to the same or different targets
//   interrupt-level call during an own call          X: it would want the lock that its own CPU holds
//   fn makes a waiting call                          X
//   spurious or duplicate IPI                        tolerated: membership in todo_ is tested
//
// Source: arch/x86/kernel/smp_32.c at 027447c4913c, with masks in the place of its counters, which a duplicate IPI
// breaks.
#ifndef AGENT_CORE_CALL_LOCK_H_
#define AGENT_CORE_CALL_LOCK_H_

#include "agent/core/arena.h"
#include "agent/core/atomic_set.h"
#include "agent/core/cpu_set.h"
#include "agent/core/own_lock.h"
#include "agent/core/record.h"
#include "agent/core/runtime.h"
#include "agent/core/section.h"
#include "agent/core/types.h"

namespace crosscall::core {

template <class P>
class CallLock {
 public:
  static constexpr bool kAlwaysWaits = true;
  static constexpr bool kInterruptCalls = false;
  static constexpr bool kFunctionsCall = true;

  static usize BytesNeeded(u32) { return Arena::BytesFor<Shared>(1); }

  CallLock(Runtime<P>& runtime, Arena& arena) : runtime_(runtime), shared_(*arena.Make<Shared>(1)) {}

  Result Single(const CallToken& call, CpuId target, const Request& request) {
    shared_.lock.Acquire(runtime_, call);
    runtime_.account.Claimed(call, target);
    runtime_.account.Publish(call, target);
    Post(call, CpuSet::Of(target), request, nullptr);
    runtime_.account.Kick(call, target);
    AwaitAll(call, target, request.wait);
    shared_.lock.Release(runtime_);
    return Result::kOk;
  }

  template <class Local>
  Result Many(const CallToken& call, const CpuSet& targets, const Request& request, Local&& local) {
    const u32 count = targets.Count();
    if (count == 0) {
      local();
      return Result::kOk;
    }
    shared_.lock.Acquire(runtime_, call);
    runtime_.account.Claimed(call, kNoCpu);
    runtime_.account.Publish(call, targets);
    Post(call, targets, request, nullptr);
    runtime_.account.Kick(call, targets, kNoCpu, count);
    local();
    AwaitAll(call, kNoCpu, request.wait);
    shared_.lock.Release(runtime_);
    return Result::kOk;
  }

  // There is no queue to leave the record in: a nowait call, after which the target frees the record.
  Result Async(const CallToken& call, CpuId target, AsyncRecord<P>& record) {
    record.record.locked.store(1, Order::kRelaxed);  // Ordered by the store of todo_ (O1).
    shared_.lock.Acquire(runtime_, call);
    runtime_.account.Claimed(call, target);
    runtime_.account.Publish(call, target);
    Post(call, CpuSet::Of(target), Request{record.function, record.argument, false}, &record);
    runtime_.account.Kick(call, target);
    AwaitAll(call, target, false);
    shared_.lock.Release(runtime_);
    return Result::kOk;
  }

  bool Holds(CpuId me) const {
    return shared_.todo.Has(me, Order::kRelaxed);  // Relaxed: Drain looks again.
  }

  u32 Drain(CpuId me) {
    const Taken taken = Take(me);
    if (taken.function == nullptr) return 0;
    runtime_.account.Taken(taken.call);
    // Release: the copies come before, the owner may rewrite the record.
    if (taken.async != nullptr) taken.async->record.locked.store(0, Order::kRelease);
    runtime_.account.Run(taken.call, taken.function, taken.argument);
    if (taken.wait) {
      // Release: all of fn comes before (O5). Acquire: continues what other targets released.
      shared_.busy.Remove(me, Order::kAcqRel);
      runtime_.account.Completed(taken.call);
    }
    return 1;
  }

 private:
  template <class T>
  using Plain = typename P::template Plain<T>;

  // A target's copy of the record; function is null if it is not meant for it.
  struct Taken {
    Function function = nullptr;
    void* argument = nullptr;
    u64 call = 0;
    AsyncRecord<P>* async = nullptr;
    bool wait = false;
  };

  struct Shared {
    OwnLock<P> lock;
    alignas(kCacheLine) Plain<Function> function = {};
    Plain<void*> argument = {};
    Plain<u64> call = {};
    Plain<u32> wait = {};
    Plain<AsyncRecord<P>*> async = {};
    AtomicSet<P> todo;
    AtomicSet<P> busy;
  };

  // Barred: under ipi_open a handler could fall between copies and removal, run this request and the next one, and
  // leave the copies stale.
  Taken Take(CpuId me) {
    const Barred<P> bar(runtime_.port);
    Taken taken;
    // Acquire: the fields that todo publishes (O4).
    if (!shared_.todo.Has(me, Order::kAcquire)) return taken;
    taken = Taken{shared_.function.get(), shared_.argument.get(), shared_.call.get(), shared_.async.get(),
                  shared_.wait.get() != 0};
    // Release: the copies come before; without wait the record may be rewritten from here on (O5). Acquire: continues
    // what other targets released.
    shared_.todo.Remove(me, Order::kAcqRel);
    return taken;
  }

  void Post(const CallToken& call, const CpuSet& targets, const Request& request, AsyncRecord<P>* async) {
    shared_.function.set(request.function);
    shared_.argument.set(request.argument);
    shared_.call.set(call.id);
    shared_.wait.set(request.wait ? 1 : 0);
    shared_.async.set(async);
    // Relaxed: busy_ is only looked at by targets of this call, after todo_.
    if (request.wait) shared_.busy.Store(targets, runtime_.words, Order::kRelaxed);
    shared_.todo.Store(targets, runtime_.words, Order::kRelease);  // O1.
  }

  // `target`: the only one, or kNoCpu.
  void AwaitAll(const CallToken& call, CpuId target, bool wait) {
    AwaitEmpty(call, target, shared_.todo);
    if (!wait) return;
    AwaitEmpty(call, target, shared_.busy);
    runtime_.account.Observed(call);
  }
  void AwaitEmpty(const CallToken& call, CpuId target, const AtomicSet<P>& set) {
    const auto empty = [&] { return set.SeenEmpty(runtime_.words, Order::kAcquire); };  // O6.
    const auto refresh = [&](CpuState& state) {
      // Relaxed: for the observer.
      for (u32 i = 0; i < runtime_.words; ++i) Poke(state.wait_mask[i], set.LoadWord(i, Order::kRelaxed));
    };
    runtime_.wait.Until(Site::kCompletion, WaitingFor{call.id, target, nullptr}, empty, refresh);
  }

  Runtime<P>& runtime_;
  Shared& shared_;
};

}  // namespace crosscall::core

#endif  // AGENT_CORE_CALL_LOCK_H_
