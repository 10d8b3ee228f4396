// `mailbox_grid`: one slot per (caller, target) pair and call level, a pending bitmap per target and level. The
// project's own: no lock, list, allocation or free; no request that depends on a kick another context owes.
//
// Levels: 0 is task context, 1 handlers and functions run inline, so that a call never needs the slot of the call it
// interrupted.
//
// Invariants
//   A slot is free if and only if done == sequence. Only CPU `caller` posts in it, and only when it is free.
//   Bit c of pending[level][t] is set only by CPU c and cleared only by CPU t; set: "slot [level][c][t] is to be run".
//   Claim, publication and kick of a post are one barred section of its caller: no interrupt of that CPU falls between.
//   A caller's post is its own as long as the slot's `call` is its call's id. Once it is not, a call that interrupted
//   the caller has claimed the slot anew, which it could do only after the first post had been taken and, if waited
//   for, had ended. So a waiter is done when done == sequence or the id has changed.
//
// Orders
//   O1, O4  slot fields are plain stores before the releasing set of the bit; the acquiring clear of that bit by the
//           target sees them. Sets and clears of other bits are read-modify-writes of the same word, so they continue
//           the release sequence.
//   O2, O3  either the target's look comes after the set and sees the bit, or the kick after the set reaches a latch
//           already cleared by Ack, and the handler runs again. SendIpis and Ack are full barriers.
//   O5      `done` is stored with release: after fn if the caller waits, after the copies if not.
//   O6      the caller loads `done` with acquire before it re-uses the slot or returns.
//   One bit is taken at a time and before fn, so a nested drain sees all other bits and never the running one.
//
// Beside whom (section 4.8)
//   two callers, any targets; mask beside single     P
//   two nowait singles of one caller                 S(t) to the same target, P to different ones
//   interrupt-level call during an own call          P
//   fn makes a waiting call                          not promised
//   spurious or duplicate IPI                        tolerated
//
// CallAsync may not wait for the slot: kBusy if it is in use.
//
// Above 256 CPUs the bitmap is still scanned word by word, 2 N / 64 words a look: 32 words, four cache lines, at 1,024.
// A summary level would save three of those reads and cost every publisher one more read-modify-write on a line that
// all callers of the target share.
//
// Source: designed for this project (reference, section 4.7).
#ifndef AGENT_CORE_MAILBOX_GRID_H_
#define AGENT_CORE_MAILBOX_GRID_H_

#include "agent/core/arena.h"
#include "agent/core/atomic_set.h"
#include "agent/core/cpu_set.h"
#include "agent/core/record.h"
#include "agent/core/runtime.h"
#include "agent/core/section.h"
#include "agent/core/types.h"

namespace crosscall::core {

template <class P>
class MailboxGrid {
 public:
  static constexpr bool kAlwaysWaits = false;
  static constexpr bool kInterruptCalls = true;
  static constexpr bool kFunctionsCall = true;
  static constexpr u32 kLevels = 2;

  static usize BytesNeeded(u32 cpus) {
    return Arena::BytesFor<Target>(cpus) + Arena::BytesFor<Slot>(usize{kLevels} * cpus * cpus);
  }

  MailboxGrid(Runtime<P>& runtime, Arena& arena)
      : runtime_(runtime),
        targets_(arena.Make<Target>(runtime.cpus)),
        slots_(arena.Make<Slot>(usize{kLevels} * runtime.cpus * runtime.cpus)) {}

  Result Single(const CallToken& call, CpuId target, const Request& request) {
    const Slot& slot = SlotOf(call.level, call.me, target);
    if (!runtime_.wait.Until(Site::kClaim, WaitingFor{call.id, target, nullptr},
                             [&] { return TryPost(call, target, request, nullptr); })) {
      return Result::kBusy;
    }
    if (!request.wait) return Result::kOk;
    AwaitEnd(call, target, nullptr, slot);
    runtime_.account.Observed(call);
    return Result::kOk;
  }

  template <class Local>
  Result Many(const CallToken& call, const CpuSet& targets, const Request& request, Local&& local) {
    // A refusal half way would leave some targets called: look at all slots first.
    if (runtime_.wait.Refuses() && !AllFree(call, targets)) return Result::kBusy;
    CpuSet left = targets;
    if (!left.Empty()) {
      runtime_.wait.Until(
          Site::kClaim, WaitingFor{call.id, kNoCpu, &left}, [&] { return PostFree(call, left, request); },
          [&](CpuState& state) {
            for (u32 i = 0; i < runtime_.words; ++i) Poke(state.wait_mask[i], left.word(i));
          });
    }
    local();
    if (request.wait && !targets.Empty()) {
      left = targets;
      for (const CpuId target : Each(targets)) {
        AwaitEnd(call, target, &left, SlotOf(call.level, call.me, target));
        left.Remove(target);
      }
      runtime_.account.Observed(call);
    }
    return Result::kOk;
  }

  Result Async(const CallToken& call, CpuId target, AsyncRecord<P>& record) {
    record.record.locked.store(1, Order::kRelaxed);  // Ordered by the set of the pending bit (O1).
    if (TryPost(call, target, Request{record.function, record.argument, false}, &record)) return Result::kOk;
    record.record.locked.store(0, Order::kRelaxed);  // Nobody else has seen it.
    return Result::kBusy;
  }

  bool Holds(CpuId me) const {
    for (const AtomicSet<P>& pending : targets_[me].pending) {
      if (!pending.SeenEmpty(runtime_.words, Order::kRelaxed)) return true;  // Relaxed: Drain looks again.
    }
    return false;
  }

  u32 Drain(CpuId me) {
    u32 taken = 0;
    Post post;
    // As many as there are slots for this CPU; more would be posts made meanwhile, without end.
    for (u32 looks = kLevels * runtime_.cpus; looks > 0; --looks) {
      if (!FindPending(me, post)) return taken;
      if (Serve(me, post)) ++taken;
    }
    if (Holds(me)) KickSelf(me);  // Bounds the time with interrupts masked.
    return taken;
  }

 private:
  template <class T>
  using Plain = typename P::template Plain<T>;

  struct alignas(kCacheLine) Slot {
    Plain<Function> function = {};
    Plain<void*> argument = {};
    Plain<u64> call = {};
    Plain<AsyncRecord<P>*> async = {};
    Plain<u32> wait = {};
    Plain<u32> sequence = {};                    // written by the caller
    typename P::template Atomic<u32> done = {};  // written by the target
  };
  struct alignas(kCacheLine) Target {
    AtomicSet<P> pending[kLevels];
    u32 cursor = 0;  // (level, caller) where the next look starts, for fairness; this CPU's only
  };
  struct Post {
    u32 level;
    CpuId caller;
  };

  Slot& SlotOf(u32 level, CpuId caller, CpuId target) {
    return slots_[(usize{level} * runtime_.cpus + caller) * runtime_.cpus + target];
  }
  static bool IsFree(const Slot& slot) {
    return slot.done.load(Order::kAcquire) == slot.sequence.get();  // Acquire: O6, for the former post.
  }
  bool AllFree(const CallToken& call, const CpuSet& targets) {
    for (const CpuId target : Each(targets)) {
      if (!IsFree(SlotOf(call.level, call.me, target))) return false;
    }
    return true;
  }

  // Inside a barred section, with the slot free. Whether the target must be kicked.
  bool Publish(const CallToken& call, CpuId target, Slot& slot, const Request& request, AsyncRecord<P>* async) {
    runtime_.account.Claimed(call, target);
    slot.function.set(request.function);
    slot.argument.set(request.argument);
    slot.call.set(call.id);
    slot.async.set(async);
    slot.wait.set(request.wait ? 1 : 0);
    slot.sequence.set(slot.sequence.get() + 1);
    runtime_.account.Publish(call, target);
    // Release: O1. Acquire: continues what other callers released in this word.
    const u64 others = targets_[target].pending[call.level].Add(call.me, Order::kAcqRel);
    // Whoever set the first bit of the word kicks for all that join it, until the target has cleared the last.
    return runtime_.kick_rule == KickRule::kAlways || others == 0;
  }

  // Claim, publication and kick, if the slot is free.
  bool TryPost(const CallToken& call, CpuId target, const Request& request, AsyncRecord<P>* async) {
    Slot& slot = SlotOf(call.level, call.me, target);
    const Barred<P> bar(runtime_.port);
    if (!IsFree(slot)) return false;
    if (Publish(call, target, slot, request, async)) {
      runtime_.account.Kick(call, target);
    } else {
      runtime_.account.KickSkipped(call, target, SkipReason::kNotFirst);
    }
    return true;
  }
  // The same for those of `left` whose slots are free, in one section with one multicast; true once none is left.
  bool PostFree(const CallToken& call, CpuSet& left, const Request& request) {
    const Barred<P> bar(runtime_.port);
    CpuSet kicked;
    u32 kicks = 0;
    for (CpuId target = left.Lowest(); target != kNoCpu; target = left.Next(target + 1)) {
      Slot& slot = SlotOf(call.level, call.me, target);
      if (!IsFree(slot)) continue;
      left.Remove(target);
      if (Publish(call, target, slot, request, nullptr)) {
        kicked.Add(target);
        ++kicks;
      } else {
        runtime_.account.KickSkipped(call, target, SkipReason::kNotFirst);
      }
    }
    if (kicks > 0) runtime_.account.Kick(call, kicked, kicks == 1 ? kicked.Lowest() : kNoCpu, kicks);
    return left.Empty();
  }

  void AwaitEnd(const CallToken& call, CpuId target, const CpuSet* left, const Slot& slot) {
    runtime_.wait.Until(Site::kCompletion, WaitingFor{call.id, target, left},
                        [&] { return IsFree(slot) || slot.call.get() != call.id; });
  }

  // The next set bit from the cursor on, round robin over levels and callers.
  bool FindPending(CpuId me, Post& post) {
    Target& target = targets_[me];
    const u32 start = target.cursor;
    const u32 start_level = start / runtime_.cpus;
    const CpuId start_caller = start % runtime_.cpus;
    for (u32 i = 0; i <= kLevels; ++i) {
      const u32 level = (start_level + i) % kLevels;
      // The first level is visited from the cursor on, and at last once more for what lies below it.
      const CpuId from = i == 0 ? start_caller : 0;
      const CpuId caller = FirstSet(target.pending[level], from);
      if (caller == kNoCpu) continue;
      post = Post{level, caller};
      target.cursor = (level * runtime_.cpus + caller + 1) % (kLevels * runtime_.cpus);
      return true;
    }
    return false;
  }
  CpuId FirstSet(const AtomicSet<P>& pending, CpuId from) const {
    for (u32 i = from / 64; i < runtime_.words; ++i) {
      u64 word = pending.LoadWord(i, Order::kRelaxed);  // Relaxed: the clear of the bit acquires.
      if (i == from / 64) word &= ~u64{0} << (from % 64);
      if (word != 0) return i * 64 + static_cast<u32>(__builtin_ctzll(word));
    }
    return kNoCpu;
  }

  // False if a nested drain was faster.
  bool Serve(CpuId me, const Post& post) {
    // Acquire: the slot's fields (O4). Release: continues what callers released in this word.
    const u64 former = targets_[me].pending[post.level].Remove(post.caller, Order::kAcqRel);
    if ((former & AtomicSet<P>::Bit(post.caller)) == 0) return false;
    Slot& slot = SlotOf(post.level, post.caller, me);
    const Function function = slot.function.get();
    void* const argument = slot.argument.get();
    const u64 call = slot.call.get();
    AsyncRecord<P>* const async = slot.async.get();
    const u32 sequence = slot.sequence.get();
    const bool wait = slot.wait.get() != 0;
    runtime_.account.Taken(call);
    if (!wait) slot.done.store(sequence, Order::kRelease);                 // O5, for the copies.
    if (async != nullptr) async->record.locked.store(0, Order::kRelease);  // fn may queue it again.
    runtime_.account.Run(call, function, argument);
    if (wait) slot.done.store(sequence, Order::kRelease);  // O5: all of fn comes before.
    runtime_.account.Completed(call);
    return true;
  }

  void KickSelf(CpuId me) {
    runtime_.port.StampStage(Stage::kKick, 0, me, 0);
    runtime_.port.SendIpis(CpuSet::Of(me));
    Bump(runtime_.port.state().kicks_sent);
    runtime_.port.StampStage(Stage::kKicked, 0, me, 0);
  }

  Runtime<P>& runtime_;
  Target* const targets_;
  Slot* const slots_;
};

}  // namespace crosscall::core

#endif  // AGENT_CORE_MAILBOX_GRID_H_
