// `percpu_record`: no allocation; per-CPU records that are used again without a grace period. Linux, February 2009.
//
// Records of each CPU: one for nowait single calls and one for mask calls, each with a flag `locked` that only its CPU
// sets. Waiting singles use the caller's stack, CallAsync the caller's own record. Nothing is freed.
//
// A mask record is inserted at the *head*. A walker may stand on it while it is unlinked and inserted anew; it then
// continues at the old head and revisits entries, which is harmless, since membership is tested under the record's
// lock. After a tail insert it would skip entries whose kick it has already consumed.
//
// Orders: single_queue.h and mask_list.h prove O1 and O3 to O6; `locked` carries O6 for re-use: cleared with release by
// the (last) target, found clear with acquire by the owner. O2: publication comes before SendIpis, a full barrier.
//
// Beside whom (section 4.8)
//   two callers, any targets; mask beside single     P
//   two nowait singles of one caller                 S(e), to the same or different targets
//   interrupt-level call during an own call          X; P for calls whose record is on the stack
//   fn makes a waiting call                          not promised
//   spurious or duplicate IPI                        tolerated
// Proxy IPI: as generic_2008.
//
// Source: kernel/smp.c at 8969a5ede0f9.
#ifndef AGENT_CORE_PERCPU_RECORD_H_
#define AGENT_CORE_PERCPU_RECORD_H_

#include "agent/core/arena.h"
#include "agent/core/cpu_set.h"
#include "agent/core/mask_list.h"
#include "agent/core/record.h"
#include "agent/core/runtime.h"
#include "agent/core/section.h"
#include "agent/core/single_queue.h"
#include "agent/core/types.h"

namespace crosscall::core {

template <class P>
class PercpuRecord {
 public:
  static constexpr bool kAlwaysWaits = false;
  static constexpr bool kInterruptCalls = false;
  static constexpr bool kFunctionsCall = true;

  static usize BytesNeeded(u32 cpus) {
    return Arena::BytesFor<SingleQueue<P>>(cpus) + Arena::BytesFor<MaskList<P>>(1) + Arena::BytesFor<Own>(cpus);
  }

  PercpuRecord(Runtime<P>& runtime, Arena& arena)
      : runtime_(runtime),
        queues_(arena.Make<SingleQueue<P>>(runtime.cpus)),
        masks_(*arena.Make<MaskList<P>>(1)),
        own_(arena.Make<Own>(runtime.cpus)) {}

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
    Own& own = own_[call.me];
    MaskRecord<P>& record = own.mask;
    if (!runtime_.wait.Until(Site::kClaim, WaitingFor{call.id, kNoCpu, &own.mask_targets}, [&] {
          return record.locked.load(Order::kAcquire) == 0;  // O6, for the former use.
        })) {
      return Result::kBusy;
    }
    record.locked.store(1, Order::kRelaxed);  // Relaxed: only this CPU claims it; its lock and the list order the rest.
    own.mask_targets = targets;
    runtime_.account.Claimed(call, kNoCpu);
    runtime_.account.Publish(call, targets);
    {
      const Barred<P> bar(runtime_.port);
      const Locked<P> locked(record.lock);
      record.Fill(call, targets, count, runtime_.words, request);
      masks_.InsertAtHead(record);
    }
    runtime_.account.Kick(call, targets, kNoCpu, count);
    local();
    if (request.wait) AwaitMaskRecord(runtime_, call, targets, record);
    return Result::kOk;
  }

  Result Async(const CallToken& call, CpuId target, AsyncRecord<P>& record) {
    record.record.Fill(record.function, record.argument, call.id, /*through_fn=*/false);
    runtime_.account.Claimed(call, target);
    Post(call, target, record.record);
    return Result::kOk;
  }

  bool Holds(CpuId me) const { return !queues_[me].LooksEmpty() || masks_.Names(me); }

  u32 Drain(CpuId me) {
    const u32 singles = queues_[me].Drain(runtime_);
    NoReader reader;
    return singles + masks_.Drain(runtime_, me, reader, [](MaskRecord<P>& record) {
      // Release, both: all fns come before (O5). The owner may claim the record after the second.
      record.waiting.store(0, Order::kRelease);
      record.locked.store(0, Order::kRelease);
    });
  }

 private:
  // Records are never freed, so walkers need no protection.
  struct NoReader {
    void Enter(CpuId) {}
    void Exit(CpuId) {}
  };
  struct alignas(kCacheLine) Own {
    Record<P> single;
    CpuId single_target = kNoCpu;  // of its present or last use, for the observer
    MaskRecord<P> mask;
    CpuSet mask_targets;
  };

  template <class Local>
  Result SingleWith(const CallToken& call, CpuId target, const Request& request, Local&& local) {
    if (request.wait) {
      Record<P> on_stack;
      on_stack.Fill(request.function, request.argument, call.id, /*through_fn=*/true);
      runtime_.account.Claimed(call, target);
      Post(call, target, on_stack);
      local();
      runtime_.wait.Until(Site::kCompletion, WaitingFor{call.id, target, nullptr}, [&] { return on_stack.IsFree(); });
      runtime_.account.Observed(call);
      return Result::kOk;
    }
    Own& own = own_[call.me];
    if (!runtime_.wait.Until(Site::kClaim, WaitingFor{call.id, own.single_target, nullptr},
                             [&] { return own.single.IsFree(); })) {
      return Result::kBusy;
    }
    own.single.Fill(request.function, request.argument, call.id, /*through_fn=*/true);
    own.single_target = target;
    runtime_.account.Claimed(call, target);
    Post(call, target, own.single);
    local();
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

  Runtime<P>& runtime_;
  SingleQueue<P>* const queues_;
  MaskList<P>& masks_;
  Own* const own_;
};

}  // namespace crosscall::core

#endif  // AGENT_CORE_PERCPU_RECORD_H_
