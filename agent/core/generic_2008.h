// `generic_2008`: a locked queue per CPU for single calls, one shared list for mask calls, allocated records. Linux
// 2.6.27, repaired.
//
// Records
//   waiting single     on the caller's stack, until its `locked` is clear
//   nowait single      from the caller's pool; the target frees it after fn, by clearing `locked`
//   mask               from the caller's pool, since any CPU may be walking the list through it. The last target
//                      retires it; it may be used again after a grace period (epochs.h), which its owner finds out
//                      when it next looks for a record
//   CallAsync          the caller's own
// Without memory (AllocFails, or the pool is empty) the record is on the stack and the call waits, whatever was asked;
// a mask call then also quiesces: one no-op single call to every other online CPU, until no walker can stand on the
// record. (CPUs that went offline with a request under way are covered by a grace period.) fail_fast with interrupts
// masked gets kNoMemory instead.
//
// Orders: single_queue.h, mask_list.h and epochs.h prove O1 and O3 to O6. O2: both kinds are published before
// SendIpis, a full barrier.
//
// Beside whom (section 4.8)
//   two callers, any targets; mask beside single     P
//   two nowait singles of one caller                 P, to the same or different targets
//   interrupt-level call during an own call          P
//   fn makes a waiting call                          not promised
//   spurious or duplicate IPI                        tolerated
// Proxy IPI: a single call that finds the queue not empty relies on a kick that another context owes.
//
// Repairs against 2.6.27: the own bit leaves todo before fn; completion is a release, not a store barrier; quiesce
// covers every CPU that may walk the list; a full barrier before a mask kick.
// Source: kernel/smp.c at 3d4422332711 and in its 2.6.27 form.
#ifndef AGENT_CORE_GENERIC_2008_H_
#define AGENT_CORE_GENERIC_2008_H_

#include "agent/core/arena.h"
#include "agent/core/cpu_set.h"
#include "agent/core/epochs.h"
#include "agent/core/mask_list.h"
#include "agent/core/record.h"
#include "agent/core/runtime.h"
#include "agent/core/section.h"
#include "agent/core/single_queue.h"
#include "agent/core/types.h"

namespace crosscall::core {

template <class P>
class Generic2008 {
 public:
  static constexpr bool kAlwaysWaits = false;
  static constexpr bool kInterruptCalls = true;
  static constexpr bool kFunctionsCall = true;
  // A CPU's records of each kind; a pool that runs dry behaves as memory does.
  static constexpr u32 kSinglesPerCpu = 64;
  static constexpr u32 kMasksPerCpu = 8;

  static usize BytesNeeded(u32 cpus) {
    return Arena::BytesFor<SingleQueue<P>>(cpus) + Arena::BytesFor<MaskList<P>>(1) + Arena::BytesFor<Pool>(cpus) +
           Epochs<P>::BytesNeeded(cpus);
  }

  Generic2008(Runtime<P>& runtime, Arena& arena)
      : runtime_(runtime),
        queues_(arena.Make<SingleQueue<P>>(runtime.cpus)),
        masks_(*arena.Make<MaskList<P>>(1)),
        pools_(arena.Make<Pool>(runtime.cpus)),
        epochs_(runtime.cpus, arena) {}

  Result Single(const CallToken& call, CpuId target, const Request& request) {
    return SingleWith(call, target, request, [] {});
  }

  template <class Local>
  Result Many(const CallToken& call, const CpuSet& targets, const Request& request, Local&& local) {
    const u32 count = targets.Count();
    if (count == 1) return SingleWith(call, targets.Lowest(), request, local);
    if (count == 0) {
      local();
      return Result::kOk;
    }
    MaskRecord<P>* const pooled = AllocateMask(call.me);
    if (pooled == nullptr) {
      if (runtime_.wait.Refuses()) return Result::kNoMemory;
      MaskRecord<P> on_stack;
      PostMask(call, on_stack, targets, count, Request{request.function, request.argument, true});
      local();
      AwaitMaskRecord(runtime_, call, targets, on_stack);
      Quiesce(call);
      return Result::kOk;
    }
    PostMask(call, *pooled, targets, count, request);
    local();
    if (request.wait) AwaitMaskRecord(runtime_, call, targets, *pooled);
    if (request.wait) pooled->locked.store(0, Order::kRelease);  // Our last look comes before its next use.
    return Result::kOk;
  }

  Result Async(const CallToken& call, CpuId target, AsyncRecord<P>& record) {
    record.record.Fill(record.function, record.argument, call.id, /*through_fn=*/false);
    runtime_.account.Claimed(call, target);
    Post(call, target, record.record);
    return Result::kOk;
  }

  bool Holds(CpuId me) {
    if (!queues_[me].LooksEmpty()) return true;
    if (masks_.LooksEmpty()) return false;
    const Barred<P> bar(runtime_.port);
    epochs_.Enter(me);
    const bool named = masks_.Names(me);
    epochs_.Exit(me);
    return named;
  }

  u32 Drain(CpuId me) {
    const u32 singles = queues_[me].Drain(runtime_);
    return singles + masks_.Drain(runtime_, me, epochs_, [this](MaskRecord<P>& record) { EndMask(record); });
  }

 private:
  // Only its CPU allocates, in barred sections; any CPU frees.
  struct alignas(kCacheLine) Pool {
    Record<P> singles[kSinglesPerCpu];
    MaskRecord<P> masks[kMasksPerCpu];
    u32 next_single = 0;
    u32 next_mask = 0;
  };

  static void Nothing(void*) {}

  template <class Local>
  Result SingleWith(const CallToken& call, CpuId target, const Request& request, Local&& local) {
    if (!request.wait) {
      if (Record<P>* const pooled = AllocateSingle(call, request)) {
        runtime_.account.Claimed(call, target);
        Post(call, target, *pooled);
        local();
        return Result::kOk;
      }
      if (runtime_.wait.Refuses()) return Result::kNoMemory;
    }
    Record<P> on_stack;
    on_stack.Fill(request.function, request.argument, call.id, /*through_fn=*/true);
    runtime_.account.Claimed(call, target);
    Post(call, target, on_stack);
    local();
    Await(call, target, on_stack);
    runtime_.account.Observed(call);
    return Result::kOk;
  }

  void Post(const CallToken& call, CpuId target, Record<P>& record) {
    runtime_.account.Publish(call, target);
    if (queues_[target].Append(runtime_.port, record)) {
      runtime_.account.Kick(call, target);
    } else {
      runtime_.account.KickSkipped(call, target, SkipReason::kNotFirst);
    }
  }
  void Await(const CallToken& call, CpuId target, const Record<P>& record) {
    runtime_.wait.Until(Site::kCompletion, WaitingFor{call.id, target, nullptr}, [&] { return record.IsFree(); });
  }

  void PostMask(const CallToken& call, MaskRecord<P>& record, const CpuSet& targets, u32 count,
                const Request& request) {
    runtime_.account.Claimed(call, kNoCpu);
    runtime_.account.Publish(call, targets);
    {
      const Barred<P> bar(runtime_.port);
      const Locked<P> locked(record.lock);
      record.Fill(call, targets, count, runtime_.words, request);
      masks_.Append(record);
    }
    runtime_.account.Kick(call, targets, kNoCpu, count);
  }

  // The last target, inside its read section. Copies first: once `waiting` is clear a stack record is gone.
  void EndMask(MaskRecord<P>& record) {
    const bool waiting = record.waiting.load(Order::kRelaxed) != 0;  // Relaxed: only the last target clears it.
    if (record.pooled.get() != 0) record.retired_at.set(epochs_.Retired());
    // Release: all fns, and retired_at, come before (O5). A pooled record of a waiting call is freed by its caller.
    if (waiting) {
      record.waiting.store(0, Order::kRelease);
    } else {
      record.locked.store(0, Order::kRelease);
    }
  }

  void Quiesce(const CallToken& call) {
    const u64 unlinked = epochs_.Retired();
    CpuSet others = runtime_.online.Load(runtime_.words, Order::kAcquire);  // Acquire: pairs with GoOnline.
    others.Remove(call.me);
    CallToken housekeeping = call;
    housekeeping.id = 0;
    for (const CpuId cpu : Each(others)) {
      Record<P> record;
      record.Fill(&Nothing, nullptr, 0, /*through_fn=*/true);
      Post(housekeeping, cpu, record);
      Await(call, cpu, record);
    }
    runtime_.wait.Until(Site::kCompletion, WaitingFor{call.id, kNoCpu, nullptr},
                        [&] { return epochs_.Passed(unlinked); });
  }

  // A free record, filled for a nowait call, or none.
  Record<P>* AllocateSingle(const CallToken& call, const Request& request) {
    const Barred<P> bar(runtime_.port);  // A handler of ours may allocate too.
    if (runtime_.port.AllocFails()) return nullptr;
    Pool& pool = pools_[call.me];
    for (u32 tried = 0; tried < kSinglesPerCpu; ++tried) {
      Record<P>& record = pool.singles[pool.next_single++ % kSinglesPerCpu];
      if (!record.IsFree()) continue;
      record.Fill(request.function, request.argument, call.id, /*through_fn=*/true);
      return &record;
    }
    return nullptr;
  }
  MaskRecord<P>* AllocateMask(CpuId me) {
    const Barred<P> bar(runtime_.port);
    if (runtime_.port.AllocFails()) return nullptr;
    Pool& pool = pools_[me];
    for (u32 tried = 0; tried < kMasksPerCpu; ++tried) {
      MaskRecord<P>& record = pool.masks[pool.next_mask++ % kMasksPerCpu];
      // Acquire: retired_at, and the last use of the record.
      if (record.locked.load(Order::kAcquire) != 0) continue;
      if (record.pooled.get() != 0 && !epochs_.Passed(record.retired_at.get())) continue;
      record.pooled.set(1);
      record.locked.store(1, Order::kRelaxed);  // Relaxed: only this CPU takes it; the list orders the rest.
      return &record;
    }
    return nullptr;
  }

  Runtime<P>& runtime_;
  SingleQueue<P>* const queues_;
  MaskList<P>& masks_;
  Pool* const pools_;
  Epochs<P> epochs_;
};

}  // namespace crosscall::core

#endif  // AGENT_CORE_GENERIC_2008_H_
