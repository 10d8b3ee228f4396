// The wait policy: what a CPU does while it waits for another one. All of it is in Relax; algorithms hold none.
//
// Every wait of core, of an algorithm or of a program, is a Wait::Until at one of the sites of types.h. A fruitless
// look costs one Relax: it moves the heartbeat, does what the policy allows at that site, and pauses. With interrupts
// open all policies spin, since the interrupt does the work.
//
//   policy            lock          own           claim                      completion
//   spin              retry         retry         retry                      retry
//   poll_completion   retry         retry         retry                      drain if masked and holding
//   poll_everywhere   drain ..      drain ..      drain ..                   drain ..
//   open_window       retry         window        window                     retry
//   fail_fast         retry         retry         refused if masked          retry
// (fail_fast's refusals at entry are in calls.h; a barrier of the program asks no policy.)
//
// Polling runs the drain without touching the latch, so a spurious IPI may follow. A poll that took nothing was a
// fruitless look.
//
// Thread safety: all members may be called on every CPU; each CPU writes only its own CpuState.
// Source: the mail exchange of June 2008; see the reference, sections 2 and 3.
#ifndef AGENT_CORE_WAIT_H_
#define AGENT_CORE_WAIT_H_

#include "agent/core/account.h"
#include "agent/core/cpu_set.h"
#include "agent/core/stage.h"
#include "agent/core/types.h"

namespace crosscall::core {

// The way back into the algorithm, for policies that drain: whether this CPU's queue holds something, and one drain of
// it entered from that site; how many requests it took.
struct OwnQueue {
  void* self;
  bool (*holds)(void* self);
  u32 (*drain)(void* self, Site site);
};

// Whom or what a wait is for, for the observer only.
struct WaitingFor {
  u64 call = 0;                  // 0: of no call
  u64 what = kNoCpu;             // a CPU; a lock's index at kLock and kOwn; kNoCpu: the CPUs of `cpus`
  const CpuSet* cpus = nullptr;  // CPUs waited for; null: just `what`
};

template <class P>
class Wait {
 public:
  Wait(P& port, Account<P>& account, WaitPolicy policy, u32 words, const OwnQueue& own)
      : port_(port), account_(account), policy_(policy), words_(words), own_(own) {}

  // Whether the policy, as this CPU's mask stands, would rather have an error than wait for a record.
  bool Refuses() const { return policy_ == WaitPolicy::kFailFast && port_.IrqsMasked(); }

  // Looks until `condition()` holds. False only at kClaim, if the policy refuses to wait there.
  template <class Condition>
  bool Until(Site site, const WaitingFor& waiting, Condition&& condition) {
    return Until(site, waiting, condition, [](CpuState&) {});
  }

  // The same; `refresh(state)` may narrow wait_mask after each fruitless look.
  template <class Condition, class Refresh>
  bool Until(Site site, const WaitingFor& waiting, Condition&& condition, Refresh&& refresh) {
    port_.BeginWait();
    if (condition()) return true;
    return GoOn(site, waiting, condition, refresh);
  }

  // The rest of a wait that began with port.BeginWait() and one fruitless look.
  template <class Condition, class Refresh>
  bool GoOn(Site site, const WaitingFor& waiting, Condition&& condition, Refresh&& refresh) {
    if (site == Site::kClaim && Refuses()) return false;
    CpuState& state = port_.state();
    const Position outer = Begin(state, site, waiting);
    do {
      Relax(site);
      refresh(state);
      port_.BeginLook();
    } while (!condition());
    Restore(state, outer);
    return true;
  }

  // One drain of the own queue with interrupts masked, entered as a poll is, whatever the policy: for an algorithm
  // whose wait is itself a drain. How many requests it took.
  u32 Drain(Site site) { return own_.drain(own_.self, site); }

  void Relax(Site site) {
    Bump(port_.state().heartbeat);
    switch (policy_) {
      case WaitPolicy::kPollCompletion:
        if (site == Site::kCompletion && Poll(site)) return;
        break;
      case WaitPolicy::kPollEverywhere:
        if (site != Site::kBarrier && Poll(site)) return;
        break;
      case WaitPolicy::kOpenWindow:
        if ((site == Site::kOwn || site == Site::kClaim) && port_.IrqsMasked()) OpenWindow();
        break;
      case WaitPolicy::kSpin:
      case WaitPolicy::kFailFast:
        break;
    }
    port_.Pause();
  }

 private:
  // The wait that a nested one interrupts: a handler may wait while the interrupted context does.
  struct Position {
    u64 site, call, what, since;
    u64 mask[CpuSet::kWords];
  };

  Position Begin(CpuState& state, Site site, const WaitingFor& waiting) {
    Position outer;
    outer.site = state.site;
    outer.call = state.wait_call;
    outer.what = state.wait_for;
    outer.since = state.wait_since;
    for (u32 i = 0; i < words_; ++i) outer.mask[i] = state.wait_mask[i];
    Poke(state.wait_since, port_.Now());
    Poke(state.wait_call, waiting.call);
    Poke(state.wait_for, waiting.what);
    const bool one_cpu =
        waiting.cpus == nullptr && site != Site::kLock && site != Site::kOwn && waiting.what < kMaxCpus;
    for (u32 i = 0; i < words_; ++i) {
      u64 word = waiting.cpus != nullptr ? waiting.cpus->word(i) : 0;
      if (one_cpu && waiting.what / 64 == i) word = u64{1} << (waiting.what % 64);
      Poke(state.wait_mask[i], word);
    }
    Poke(state.site, static_cast<u64>(site));
    return outer;
  }
  void Restore(CpuState& state, const Position& outer) {
    Poke(state.site, outer.site);
    Poke(state.wait_since, outer.since);
    Poke(state.wait_call, outer.call);
    Poke(state.wait_for, outer.what);
    for (u32 i = 0; i < words_; ++i) Poke(state.wait_mask[i], outer.mask[i]);
  }

  bool Poll(Site site) { return port_.IrqsMasked() && own_.holds(own_.self) && Drain(site) > 0; }
  void OpenWindow() {
    const u32 frame = account_.Push(FrameKind::kWindow, 0, kNoCpu);
    port_.Window();
    account_.Pop(frame);
  }

  P& port_;
  Account<P>& account_;
  const WaitPolicy policy_;
  const u32 words_;
  const OwnQueue own_;
};

}  // namespace crosscall::core

#endif  // AGENT_CORE_WAIT_H_
