// A CPU's account of itself: stage stamps, frames and counters in its CpuState. The watchdog, in another process,
// diagnoses a hang from these alone; hence every step of every call and handler writes here, and nowhere else is told.
//
// Rules an observer may rely on
//   Frames are pushed and popped in order; the innermost has the highest index. frame_count may exceed kMaxFrames: the
//   frames beyond are counted but not kept.
//   A call frame in phase kPublished owes its kick: the phase is set before the first publish and left after the
//   doorbell, or once it is known that none is needed.
//   requests_published of a target is counted before the request can be found, requests_taken after it was taken out;
//   so published > taken whenever its queue holds something.
//   kPublish and kKick are stamped just before, kDrain, kComplete and kObserved just after what they name; so no
//   interval between stamps of two CPUs is negative on a common clock. kPublish carries the time of the claim, which it
//   follows at once.
//
// Thread safety: a CPU writes its own CpuState. Its interrupt handlers write the same fields; each field is either
// restored by the handler (frame_count, site), or a counter that Bump moves in one step. The fields of a target that
// callers write (requests_published, last_publish_call) are relaxed atomics: statistics, they order nothing.
#ifndef AGENT_CORE_ACCOUNT_H_
#define AGENT_CORE_ACCOUNT_H_

#include "agent/core/cpu_set.h"
#include "agent/core/stage.h"
#include "agent/core/types.h"

namespace crosscall::core {

// Adds to a counter that only this CPU writes, and returns the new value. One instruction where the machine has one, so
// that an own interrupt handler cannot fall in between; not a locked one, since no other CPU writes it.
inline u64 BumpBy(u64& counter, u64 amount) {
#if defined(__x86_64__)
  u64 old = amount;
  asm volatile("xaddq %0, %1" : "+r"(old), "+m"(counter));
  return old + amount;
#else
  return __atomic_add_fetch(&counter, amount, __ATOMIC_RELAXED);
#endif
}
inline u64 Bump(u64& counter) { return BumpBy(counter, 1); }

// One call in progress, made by Account::Enter and handed through the algorithm.
struct CallToken {
  u64 id;      // CallId(me, sequence)
  CpuId me;    // the caller
  CpuId peer;  // the target, kNoCpu if several
  u32 frame;   // index of its kCall frame
  u32 level;   // 0: task context; 1: handler, or a function run inline
};

template <class P>
class Account {
 public:
  explicit Account(P& port) : port_(port) {}

  // Frames. Push returns the index for Pop. The place is reserved before it is filled, so that a handler that falls
  // between the two pushes above it.
  u32 Push(FrameKind kind, u64 call, CpuId target) {
    CpuState& state = port_.state();
    const u64 index = state.frame_count;
    Poke(state.frame_count, index + 1);
    if (index < kMaxFrames) {
      Poke(state.frames[index].call, call);
      Poke(state.frames[index].packed, Packed(kind, CallPhase::kNone, target));
    }
    return static_cast<u32>(index);
  }
  void Pop(u32 index) { Poke(port_.state().frame_count, index); }

  // Caller's side, in the order of use.
  CallToken Enter(CpuId peer, u32 level) {
    const CpuId me = port_.Me();
    CallToken call{CallId(me, Bump(port_.state().calls_started)), me, peer, 0, level};
    call.frame = Push(FrameKind::kCall, call.id, peer);
    SetPhase(call, CallPhase::kEntered);
    port_.StampStage(Stage::kEnter, call.id, peer, 0);
    return call;
  }
  void Claimed(const CallToken& call, CpuId peer) {
    SetPhase(call, CallPhase::kClaimed);
    port_.StampStage(Stage::kClaim, call.id, peer, 0);
  }
  // Before one request becomes findable for `target`.
  void Publish(const CallToken& call, CpuId target) {
    StampPublish(call, target);
    CountRequest(call, target);
  }
  // Before one request becomes findable for all of `targets`.
  void Publish(const CallToken& call, const CpuSet& targets) {
    StampPublish(call, kNoCpu);
    for (const CpuId target : Each(targets)) CountRequest(call, target);
  }
  // Rings the doorbells. What was published before is visible to the handlers (O2: SendIpis is a full barrier first).
  void Kick(const CallToken& call, const CpuSet& targets, CpuId peer, u32 count) {
    port_.KickGap(targets);
    port_.StampStage(Stage::kKick, call.id, peer, 0);
    port_.SendIpis(targets);
    BumpBy(port_.state().kicks_sent, count);
    SetPhase(call, CallPhase::kKicked);
    port_.StampStage(Stage::kKicked, call.id, peer, 0);
  }
  void Kick(const CallToken& call, CpuId target) { Kick(call, CpuSet::Of(target), target, 1); }
  void KickSkipped(const CallToken& call, CpuId target, SkipReason reason) {
    Bump(port_.state().kicks_skipped);
    SetPhase(call, CallPhase::kSkipped);
    port_.StampStage(Stage::kKickSkipped, call.id, target, static_cast<u32>(reason));
  }
  void Observed(const CallToken& call) { port_.StampStage(Stage::kObserved, call.id, call.peer, 0); }
  Result Return(const CallToken& call, Result result) {
    port_.StampStage(Stage::kReturn, call.id, call.peer, static_cast<u32>(result));
    Pop(call.frame);
    Bump(port_.state().calls_returned);
    return result;
  }

  // Target's side.
  void Taken(u64 call) {
    Bump(port_.state().requests_taken);
    port_.StampStage(Stage::kDrain, call, PeerOf(call), 0);
  }
  void Run(u64 call, Function function, void* argument) {
    const CpuId peer = PeerOf(call);
    const u32 frame = Push(FrameKind::kFunction, call, peer);
    port_.StampStage(Stage::kFnEntry, call, peer, 0);
    function(argument);
    port_.StampStage(Stage::kFnExit, call, peer, 0);
    Bump(port_.state().functions_run);
    Pop(frame);
  }
  void Completed(u64 call) { port_.StampStage(Stage::kComplete, call, PeerOf(call), 0); }

  // The algorithm's own call lock is LockState 0, program locks follow.
  void LockTaken(u32 index) {
    LockState& lock = port_.lock_state(index);
    Poke(lock.since, port_.Now());
    Poke(lock.holder, u64{port_.Me()} + 1);
  }
  void LockReleased(u32 index) { Poke(port_.lock_state(index).holder, 0); }

 private:
  static constexpr u64 Packed(FrameKind kind, CallPhase phase, CpuId target) {
    return u64{static_cast<u8>(kind)} | u64{static_cast<u8>(phase)} << 8 | u64{target & 0xffff} << 16;
  }
  // Call 0 stands for requests of no call (an algorithm's own housekeeping); they have no peer.
  static CpuId PeerOf(u64 call) { return call == 0 ? kNoCpu : CallerOf(call); }

  void SetPhase(const CallToken& call, CallPhase phase) {
    if (call.frame < kMaxFrames) {
      Poke(port_.state().frames[call.frame].packed, Packed(FrameKind::kCall, phase, call.peer));
    }
  }
  void StampPublish(const CallToken& call, CpuId peer) {
    SetPhase(call, CallPhase::kPublished);
    port_.StampAgain(Stage::kPublish, call.id, peer, 0);
  }
  void CountRequest(const CallToken& call, CpuId target) {
    CpuState& state = port_.state_of(target);
    __atomic_fetch_add(&state.requests_published, 1, __ATOMIC_RELAXED);
    Poke(state.last_publish_call, call.id);
  }

  P& port_;
};

}  // namespace crosscall::core

#endif  // AGENT_CORE_ACCOUNT_H_
