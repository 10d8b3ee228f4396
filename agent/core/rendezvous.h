// `rendezvous`: all participants meet, run and leave, in rounds under a global lock held over the wait. FreeBSD.
//
// A round: the lock's holder (the master) fills the record and names the participants in map_; each enters, waits until
// all have entered, runs fn and leaves; the master waits until all have left. Of on_each's CPUs the master itself is
// one: it enters, runs and leaves as they do. The reference's setup and teardown, with their barriers, are no part of a
// plain call; its phase counters w[0] and w[3] are `entered` and `left`.
//
// Invariants
//   The holder of lock_ owns all fields but these: a participant removes itself from map_ and unfinished_, and counts
//   itself in `entered` and `left`, once a round.
//   A CPU's bit in map_ means: of this round, and not yet joined. Removing it is joining, so a duplicate IPI finds
//   nothing. (A round number beside the map could not tell: by the time a late handler reads it, the next round, of
//   other CPUs, may have begun.)
//   A participant that has joined is waited for until it counts in `left`, the last shared access it makes; so the
//   record stands still under it, and the counters are only reset when nobody looks at them.
//   Every call waits for the end of fn on all targets, also a nowait one.
//
// Orders, by the six that every algorithm owes (reference, section 4)
//   O1  record and counters are written before map_ is stored with release, last.
//   O2  map_ is stored before SendIpis, a full barrier.
//   O3  Ack is a full barrier before the look at map_.
//   O4  the removal from map_ acquires. Other removals from the same word are read-modify-writes, so they continue the
//       release sequence of the store.
//   O5  `left` is raised with release after fn.
//   O6  the master sees `left` complete with acquire, then returns, or lets the next holder rewrite the record. Each
//       raise is a read-modify-write, so one acquire of the last value pairs with all.
//   `entered` is raised with release and read with acquire: what any participant did before it entered is seen by fn on
//   all.
//
// Beside whom (section 4.8)
//   two callers, any targets; mask beside single     S
//   two nowait singles of one caller                 S(e), to the same or different targets
//   interrupt-level call during an own call          X: it would want the lock that its own CPU holds
//   fn makes a call, waiting or not                  X: its master holds the lock until fn has ended
//   spurious or duplicate IPI                        tolerated: membership in map_ is tested
// One late CPU holds all others in their handlers, with interrupts masked.
//
// Source: sys/kern/subr_smp.c at 01a529a3a272. Two differences: the mask is as the caller had it while the lock is spun
// for and held, since the wait policy is a choice of its own; and handlers test membership.
#ifndef AGENT_CORE_RENDEZVOUS_H_
#define AGENT_CORE_RENDEZVOUS_H_

#include "agent/core/arena.h"
#include "agent/core/atomic_set.h"
#include "agent/core/cpu_set.h"
#include "agent/core/own_lock.h"
#include "agent/core/record.h"
#include "agent/core/runtime.h"
#include "agent/core/types.h"

namespace crosscall::core {

template <class P>
class Rendezvous {
 public:
  static constexpr bool kAlwaysWaits = true;
  static constexpr bool kInterruptCalls = false;
  static constexpr bool kFunctionsCall = false;

  static usize BytesNeeded(u32) { return Arena::BytesFor<Shared>(1); }

  Rendezvous(Runtime<P>& runtime, Arena& arena) : runtime_(runtime), shared_(*arena.Make<Shared>(1)) {}

  Result Single(const CallToken& call, CpuId target, const Request& request) {
    return MeetOne(call, target, request, nullptr);
  }

  template <class Local>
  Result Many(const CallToken& call, const CpuSet& targets, const Request& request, Local&& local) {
    const u32 others = targets.Count();
    if (others == 0) {
      local();
      return Result::kOk;
    }
    const u32 participants = others + (local.wanted ? 1 : 0);
    shared_.lock.Acquire(runtime_, call);
    runtime_.account.Claimed(call, kNoCpu);
    runtime_.account.Publish(call, targets);
    Begin(call, targets, participants, request, nullptr);
    runtime_.account.Kick(call, targets, kNoCpu, others);
    if (local.wanted) {
      Meet(call.id, participants);
      local();
      shared_.left.fetch_add(1, Order::kRelaxed);  // Relaxed: only this CPU waits for it.
    }
    AwaitLeft(call, kNoCpu, participants, request.wait);
    shared_.lock.Release(runtime_);
    return Result::kOk;
  }

  // As a nowait call waits for the end too, the record is free again when this returns.
  Result Async(const CallToken& call, CpuId target, AsyncRecord<P>& record) {
    record.record.locked.store(1, Order::kRelaxed);  // Ordered by the store of map_ (O1).
    return MeetOne(call, target, Request{record.function, record.argument, false}, &record);
  }

  bool Holds(CpuId me) const {
    return shared_.map.Has(me, Order::kRelaxed);  // Relaxed: Drain looks again.
  }

  // The part of a participant in handler context.
  u32 Drain(CpuId me) {
    // Look before the removal, so that spurious IPIs leave the line alone. Relaxed: the removal decides.
    if (!shared_.map.Has(me, Order::kRelaxed)) return 0;
    // Acquire: the record (O4). Release: continues what the master released in this word.
    const u64 former = shared_.map.Remove(me, Order::kAcqRel);
    if ((former & AtomicSet<P>::Bit(me)) == 0) return 0;  // A nested handler was faster.
    const Function function = shared_.function.get();
    void* const argument = shared_.argument.get();
    const u64 call = shared_.call.get();
    AsyncRecord<P>* const async = shared_.async.get();
    runtime_.account.Taken(call);
    Meet(call, shared_.participants.get());
    // Release: the copies come before, the owner may rewrite the record.
    if (async != nullptr) async->record.locked.store(0, Order::kRelease);
    runtime_.account.Run(call, function, argument);
    shared_.unfinished.Remove(me, Order::kRelaxed);  // Relaxed: for the observer.
    shared_.left.fetch_add(1, Order::kRelease);      // O5: all of fn comes before.
    runtime_.account.Completed(call);
    return 1;
  }

 private:
  template <class T>
  using Plain = typename P::template Plain<T>;
  template <class T>
  using Atomic = typename P::template Atomic<T>;

  struct Shared {
    OwnLock<P> lock;
    alignas(kCacheLine) Plain<Function> function = {};
    Plain<void*> argument = {};
    Plain<u64> call = {};
    Plain<AsyncRecord<P>*> async = {};
    Plain<u32> participants = {};
    alignas(kCacheLine) AtomicSet<P> map;
    alignas(kCacheLine) Atomic<u32> entered = {};  // w[0]; all participants spin on it
    alignas(kCacheLine) Atomic<u32> left = {};     // w[3]; only the master does
    AtomicSet<P> unfinished;                       // participants whose fn has not ended, for the observer
  };

  Result MeetOne(const CallToken& call, CpuId target, const Request& request, AsyncRecord<P>* async) {
    shared_.lock.Acquire(runtime_, call);
    runtime_.account.Claimed(call, target);
    runtime_.account.Publish(call, target);
    Begin(call, CpuSet::Of(target), 1, request, async);
    runtime_.account.Kick(call, target);
    AwaitLeft(call, target, 1, request.wait);
    shared_.lock.Release(runtime_);
    return Result::kOk;
  }

  void Begin(const CallToken& call, const CpuSet& targets, u32 participants, const Request& request,
             AsyncRecord<P>* async) {
    shared_.function.set(request.function);
    shared_.argument.set(request.argument);
    shared_.call.set(call.id);
    shared_.async.set(async);
    shared_.participants.set(participants);
    // Relaxed, all three: only looked at by participants of this round, after map_.
    shared_.unfinished.Store(targets, runtime_.words, Order::kRelaxed);
    shared_.entered.store(0, Order::kRelaxed);
    shared_.left.store(0, Order::kRelaxed);
    shared_.map.Store(targets, runtime_.words, Order::kRelease);  // O1.
  }

  // The entry barrier. Whom it waits for is told as of its beginning: were all participants to look for the late ones
  // again and again, they would take the map's line from those that come. The edges of this wait still lead to a late
  // CPU, since each names only CPUs that joined after it.
  void Meet(u64 call, u32 participants) {
    if (participants == 1) return;  // Nobody to meet.
    // Release and acquire: see the top of the file.
    if (shared_.entered.fetch_add(1, Order::kAcqRel) + 1 == participants) return;
    const auto all_entered = [&] { return shared_.entered.load(Order::kAcquire) == participants; };
    if (all_entered()) return;
    const CpuSet late = shared_.map.Load(runtime_.words, Order::kRelaxed);  // Relaxed: for the observer.
    runtime_.wait.Until(Site::kCompletion, WaitingFor{call, kNoCpu, &late}, all_entered);
  }

  // `target`: the only one, or kNoCpu. The observer is told of those that have not joined, then of those in fn.
  void AwaitLeft(const CallToken& call, CpuId target, u32 participants, bool wait) {
    const auto all_left = [&] { return shared_.left.load(Order::kAcquire) == participants; };  // O6.
    const auto refresh = [&](CpuState& state) {
      // Relaxed, here and below: for the observer.
      const bool joined = shared_.map.SeenEmpty(runtime_.words, Order::kRelaxed);
      const AtomicSet<P>& awaited = joined ? shared_.unfinished : shared_.map;
      for (u32 i = 0; i < runtime_.words; ++i) Poke(state.wait_mask[i], awaited.LoadWord(i, Order::kRelaxed));
    };
    runtime_.wait.Until(Site::kCompletion, WaitingFor{call.id, target, nullptr}, all_left, refresh);
    if (wait) runtime_.account.Observed(call);
  }

  Runtime<P>& runtime_;
  Shared& shared_;
};

}  // namespace crosscall::core

#endif  // AGENT_CORE_RENDEZVOUS_H_
