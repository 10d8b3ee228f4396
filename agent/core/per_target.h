// `per_target`: one record per (caller, target) pair and a lock-free list per target; a kick only if the list was
// empty; waiting requests first. Linux today.
//
// Records: a waiting single on the caller's stack; nowait singles in the caller's one record for all targets; mask
// calls in pair[caller][target]; CallAsync the caller's own. Only its CPU claims a record. Nothing is freed.
//
// Invariants
//   Of all who push between two exchanges exactly one finds the list empty; it kicks, for all of them.
//   A record is in at most one list: it is pushed only by its owner, after a claim that found it free.
//
// Orders
//   O1  the record's fields are written before the push, a releasing compare-exchange. Later pushes are
//       read-modify-writes, so they continue its release sequence.
//   O2  the push comes before SendIpis, a full barrier.
//   O3  Ack is a full barrier before the exchange.
//   O4  the exchange acquires, from the last push and through it from all before.
//   O5  `locked` is cleared with release: after fn for a waiting call, after the copies for a nowait one.
//   O6  the caller finds it clear with acquire.
//
// Beside whom (section 4.8)
//   two callers, any targets; mask beside single     P
//   two nowait singles of one caller                 S(t), to the same or different targets
//   interrupt-level call during an own call          X; P for calls whose record is on the stack or the caller's own
//   fn makes a waiting call                          not promised
//   spurious or duplicate IPI                        tolerated
// Proxy IPI by construction; and a mask call may stop at a claim while it owes kicks for targets already published.
// The port tells of no idle CPU that polls, so every first push kicks.
//
// Source: kernel/smp.c of 2026; lock-free queue: 6897fc22ea01.
#ifndef AGENT_CORE_PER_TARGET_H_
#define AGENT_CORE_PER_TARGET_H_

#include "agent/core/arena.h"
#include "agent/core/cpu_set.h"
#include "agent/core/record.h"
#include "agent/core/runtime.h"
#include "agent/core/types.h"

namespace crosscall::core {

template <class P>
class PerTarget {
 public:
  static constexpr bool kAlwaysWaits = false;
  static constexpr bool kInterruptCalls = false;
  static constexpr bool kFunctionsCall = true;

  static usize BytesNeeded(u32 cpus) { return Arena::BytesFor<Cpu>(cpus) + Arena::BytesFor<Pair>(usize{cpus} * cpus); }

  PerTarget(Runtime<P>& runtime, Arena& arena)
      : runtime_(runtime),
        cpus_(arena.Make<Cpu>(runtime.cpus)),
        pairs_(arena.Make<Pair>(usize{runtime.cpus} * runtime.cpus)) {}

  Result Single(const CallToken& call, CpuId target, const Request& request) {
    if (request.wait) {
      Record<P> on_stack;
      on_stack.Fill(request.function, request.argument, call.id, /*through_fn=*/true);
      runtime_.account.Claimed(call, target);
      Post(call, target, on_stack);
      AwaitFree(Site::kCompletion, call, target, nullptr, on_stack);
      runtime_.account.Observed(call);
      return Result::kOk;
    }
    Cpu& own = cpus_[call.me];
    if (!AwaitFree(Site::kClaim, call, own.single_target, nullptr, own.single)) return Result::kBusy;
    own.single.Fill(request.function, request.argument, call.id, /*through_fn=*/false);
    own.single_target = target;
    runtime_.account.Claimed(call, target);
    Post(call, target, own.single);
    return Result::kOk;
  }

  template <class Local>
  Result Many(const CallToken& call, const CpuSet& targets, const Request& request, Local&& local) {
    // A refusal half way would leave some targets called: look at all records first. They stay free, since only this
    // CPU claims them.
    if (runtime_.wait.Refuses() && !AllFree(call.me, targets)) return Result::kBusy;
    CpuSet kicked;
    u32 kicks = 0;
    u32 published = 0;
    for (const CpuId target : Each(targets)) {
      Record<P>& record = PairOf(call.me, target);
      AwaitFree(Site::kClaim, call, target, nullptr, record);
      record.Fill(request.function, request.argument, call.id, request.wait);
      runtime_.account.Claimed(call, target);
      runtime_.account.Publish(call, target);
      ++published;
      if (!Push(target, record)) continue;
      kicked.Add(target);
      ++kicks;
    }
    if (kicks > 0) {
      runtime_.account.Kick(call, kicked, kicks == 1 ? kicked.Lowest() : kNoCpu, kicks);
    }
    for (const CpuId target : Each(kicks < published ? targets : CpuSet())) {
      if (!kicked.Has(target)) runtime_.account.KickSkipped(call, target, SkipReason::kNotFirst);
    }
    local();
    if (request.wait && published > 0) AwaitMany(call, targets);
    return Result::kOk;
  }

  Result Async(const CallToken& call, CpuId target, AsyncRecord<P>& record) {
    record.record.Fill(record.function, record.argument, call.id, /*through_fn=*/false);
    runtime_.account.Claimed(call, target);
    Post(call, target, record.record);
    return Result::kOk;
  }

  // Relaxed: Drain looks again.
  bool Holds(CpuId me) const { return cpus_[me].head.load(Order::kRelaxed) != nullptr; }

  u32 Drain(CpuId me) {
    // Acquire: the fields of all records pushed (O4). Nothing is stored that somebody would have to see.
    Record<P>* const newest = cpus_[me].head.exchange(nullptr, Order::kAcquire);
    Record<P>* waiting = nullptr;
    Record<P>* nowait = nullptr;
    Sort(newest, waiting, nowait);
    return Serve(waiting) + Serve(nowait);
  }

 private:
  struct alignas(kCacheLine) Cpu {
    typename P::template Atomic<Record<P>*> head = {};  // pushed to by all CPUs
    alignas(kCacheLine) Record<P> single;               // of this CPU's nowait singles
    CpuId single_target = kNoCpu;                       // of its present or last use, for the observer
  };
  struct alignas(kCacheLine) Pair {
    Record<P> record;
  };

  Record<P>& PairOf(CpuId caller, CpuId target) { return pairs_[usize{caller} * runtime_.cpus + target].record; }

  bool AllFree(CpuId me, const CpuSet& targets) {
    for (const CpuId target : Each(targets)) {
      if (!PairOf(me, target).IsFree()) return false;
    }
    return true;
  }

  bool AwaitFree(Site site, const CallToken& call, CpuId target, const CpuSet* left, const Record<P>& record) {
    return runtime_.wait.Until(site, WaitingFor{call.id, target, left}, [&] { return record.IsFree(); });
  }
  void AwaitMany(const CallToken& call, const CpuSet& targets) {
    CpuSet left = targets;
    for (const CpuId target : Each(targets)) {
      AwaitFree(Site::kCompletion, call, target, &left, PairOf(call.me, target));
      left.Remove(target);
    }
    runtime_.account.Observed(call);
  }

  void Post(const CallToken& call, CpuId target, Record<P>& record) {
    runtime_.account.Publish(call, target);
    if (Push(target, record)) {
      runtime_.account.Kick(call, target);
    } else {
      runtime_.account.KickSkipped(call, target, SkipReason::kNotFirst);
    }
  }

  // True if the list was empty.
  bool Push(CpuId target, Record<P>& record) {
    auto& head = cpus_[target].head;
    Record<P>* first = head.load(Order::kRelaxed);  // Relaxed: a guess.
    do {
      record.next.set(first);
    } while (!head.compare_exchange(first, &record, Order::kRelease));  // O1.
    return first == nullptr;
  }

  // Newest first in; two lists, oldest first, out.
  static void Sort(Record<P>* newest, Record<P>*& waiting, Record<P>*& nowait) {
    while (newest != nullptr) {
      Record<P>& record = *newest;
      newest = record.next.get();
      Record<P>*& list = record.held_through_fn.get() != 0 ? waiting : nowait;
      record.next.set(list);
      list = &record;
    }
  }

  u32 Serve(Record<P>* list) {
    u32 taken = 0;
    for (; list != nullptr; ++taken) {
      Record<P>& record = *list;
      list = record.next.get();  // First: once unlocked, the record may be pushed elsewhere or be gone.
      const Function function = record.function.get();
      void* const argument = record.argument.get();
      const u64 call = record.call.get();
      const bool through = record.held_through_fn.get() != 0;
      runtime_.account.Taken(call);
      if (!through) record.locked.store(0, Order::kRelease);  // O5, for the copies; fn may queue it again.
      runtime_.account.Run(call, function, argument);
      if (through) record.locked.store(0, Order::kRelease);  // O5: all of fn comes before.
      runtime_.account.Completed(call);
    }
    return taken;
  }

  Runtime<P>& runtime_;
  Cpu* const cpus_;
  Pair* const pairs_;
};

}  // namespace crosscall::core

#endif  // AGENT_CORE_PER_TARGET_H_
