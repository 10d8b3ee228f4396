// The cross-call API family over one algorithm, one wait policy and one port (reference, section 7).
//
//   call          runs fn on                               own CPU               offline CPU
//   CallSingle    that CPU                                 inline, masked        kNoCpu (also out of range)
//   CallAsync     that CPU, with a record of the caller's  inline, masked        kNoCpu, record stays free
//   CallAny       one of the mask: me, else the nearest    as CallSingle         kNoCpu if none is online
//   CallMany      all of the mask but me                   never                 skipped
//   CallOthers    all online but me                        never                 skipped
//   OnEach, OnEachMask, OnEachCond                         masked, between the   skipped
//                                                          kicks and the wait
//   KickAllSync   nothing, but on all others, and waits    -                     skipped
//
// wait: the call returns after fn ended on all targets, and what fn did is visible. nowait: once the requests are
// published and kicked; the argument must outlive fn's use of it. The caller's earlier stores are visible to fn either
// way. fn runs with interrupts masked, exactly once on each target. A mask that is empty once offline CPUs (and me) are
// removed is a success. OnEachCond evaluates its condition on the caller, once for each online member.
//
// Errors
//   kNoCpu           above; nothing was run
//   kBusy            fail_fast with interrupts masked: decided at entry, before anything else is looked at, for a
//                    waiting call and, of algorithms that always wait, for any; or its record is in use. CallAsync:
//                    the record (of mailbox_grid also: the slot for that target) is in use
//   kNoMemory        fail_fast with interrupts masked, and generic_2008 got no record
//   kWouldDeadlock   strict mode refused a misuse (misuse.h). Historic mode only notes it, but for a call out of a
//                    function that the loop of server_loop runs: refused in either mode (server_loop.h)
// A refused call has run nothing anywhere.
//
// Which calls may interrupt which of the same CPU is the algorithm's (its table in section 4.8).
//
// Hotplug: GoOffline removes this CPU from the callable set and drains once more with interrupts masked. A request that
// still comes late is run, and counted in late_drains().
//
// Thread safety: one object serves the whole machine; every member runs on the CPU it is about, any number at a time.
// misuse(), late_drains() and misuse_count() are for after the run.
#ifndef AGENT_CORE_CALLS_H_
#define AGENT_CORE_CALLS_H_

#include "agent/core/arena.h"
#include "agent/core/atomic_set.h"
#include "agent/core/cpu_set.h"
#include "agent/core/misuse.h"
#include "agent/core/port.h"
#include "agent/core/program_lock.h"
#include "agent/core/record.h"
#include "agent/core/runtime.h"
#include "agent/core/section.h"
#include "agent/core/types.h"

namespace crosscall::core {

struct CallOptions {
  WaitPolicy policy = WaitPolicy::kSpin;
  IrqModel irq_model = IrqModel::kMaskAll;  // the port's; kept here so that one value names an implementation
  bool strict = false;
  KickRule kick_rule = KickRule::kAlways;
};

template <Port P, template <class> class AlgorithmT>
class Calls {
 public:
  using PortType = P;
  using Algorithm = AlgorithmT<P>;
  using Options = CallOptions;
  using Condition = bool (*)(CpuId cpu, void* argument);

  static usize BytesNeeded(u32 cpu_count) {
    return Arena::BytesFor<AtomicSet<P>>(1) + Arena::BytesFor<Cpu>(cpu_count) + Algorithm::BytesNeeded(cpu_count);
  }

  // `memory`: zeroed, aligned to a cache line, BytesNeeded(port.cpu_count()) long, and outlives this object. All CPUs
  // start online.
  Calls(P& port, const Options& options, void* memory, usize bytes)
      : port_(port),
        options_(options),
        arena_(memory, bytes),
        online_(arena_.template Make<AtomicSet<P>>(1)),
        runtime_(port, *online_, options.policy, options.kick_rule,
                 OwnQueue{this, &Calls::PolicyHolds, &Calls::PolicyDrain}),
        cpus_(arena_.template Make<Cpu>(port.cpu_count())),
        algorithm_(runtime_, arena_) {
    // Relaxed: whatever starts the other CPUs orders this.
    online_->Store(CpuSet::First(port.cpu_count()), runtime_.words, Order::kRelaxed);
  }
  Calls(const Calls&) = delete;
  Calls& operator=(const Calls&) = delete;

  Result CallSingle(CpuId cpu, Function function, void* argument, bool wait) {
    const CallToken call = Enter(cpu);
    const Result refusal = Admit(call, wait);
    if (refusal != Result::kOk) return Return(call, refusal);
    return Return(call, Single(call, cpu, Request{function, argument, wait}));
  }

  Result CallMany(const CpuSet& mask, Function function, void* argument, bool wait) {
    return Many(mask, Request{function, argument, wait}, /*local=*/false);
  }

  Result CallAny(const CpuSet& mask, Function function, void* argument, bool wait) {
    const CpuId me = port_.Me();
    const CpuId chosen = mask.Has(me) ? me : Nearest(mask, me);
    const CallToken call = Enter(chosen);
    const Result refusal = Admit(call, wait);
    if (refusal != Result::kOk) return Return(call, refusal);
    return Return(call, Single(call, chosen, Request{function, argument, wait}));
  }

  Result CallOthers(Function function, void* argument, bool wait) {
    return CallMany(CpuSet::First(runtime_.cpus), function, argument, wait);
  }

  Result CallAsync(CpuId cpu, AsyncRecord<P>& record) {
    const CallToken call = Enter(cpu);
    if (Algorithm::kAlwaysWaits && runtime_.wait.Refuses()) return Return(call, Result::kBusy);
    if (record.InUse()) return Return(call, Result::kBusy);
    if (cpu == call.me) {
      RunInline(call, record.function, record.argument);
      return Return(call, Result::kOk);
    }
    if (!IsOnline(cpu)) return Return(call, Result::kNoCpu);
    return Return(call, algorithm_.Async(call, cpu, record));
  }

  Result OnEach(Function function, void* argument, bool wait) {
    return OnEachMask(CpuSet::First(runtime_.cpus), function, argument, wait);
  }
  Result OnEachMask(const CpuSet& mask, Function function, void* argument, bool wait) {
    return Many(mask, Request{function, argument, wait}, mask.Has(port_.Me()));
  }
  Result OnEachCond(Condition condition, const CpuSet& mask, Function function, void* argument, bool wait) {
    CpuSet chosen;
    for (const CpuId cpu : Each(OnlineOf(mask))) {
      if (condition(cpu, argument)) chosen.Add(cpu);
    }
    return OnEachMask(chosen, function, argument, wait);
  }

  // Every other online CPU has passed a handler since. The kick's full barrier orders the caller's earlier stores.
  Result KickAllSync() { return CallOthers(&DoNothing, nullptr, true); }

  // The port's IPI handler: on the interrupted CPU, its mask flag set, never inside a barred section.
  void OnIpi() {
    CpuState& state = port_.state();
    const Interruption handler = BeginHandler(state, FrameKind::kHandler);
    port_.StampStage(Stage::kIpiEntry, 0, kNoCpu, ThroughWindow(state, handler) ? 1 : 0);
    port_.Ack();  // O3: before the look at the queue.
    if (DrainOwn() == 0) {
      Bump(state.spurious_entries);
      port_.StampStage(Stage::kSpurious, 0, kNoCpu, 0);
    }
    port_.StampStage(Stage::kHandlerExit, 0, kNoCpu, 0);
    EndHandler(state, handler);
  }

  // The port's device handler calls this; `body` runs in handler context.
  template <class Body>
  void OnDevice(u32 index, Body&& body) {
    CpuState& state = port_.state();
    const Interruption handler = BeginHandler(state, FrameKind::kDevice);
    port_.StampStage(Stage::kDevice, 0, kNoCpu, index);
    body();
    EndHandler(state, handler);
  }

  void GoOffline() {
    const CpuId me = port_.Me();
    // Acquire-release: a caller that still saw this CPU online has its own publication to rely on; this only keeps the
    // drain below from moving before the removal.
    online_->Remove(me, Order::kAcqRel);
    const bool open = !port_.IrqsMasked();
    if (open) port_.MaskIrqs();
    if (algorithm_.Holds(me)) PollOnce(Site::kNone);
    cpus_[me].offline = true;
    if (open) port_.OpenIrqs();
  }
  void GoOnline() {
    const CpuId me = port_.Me();
    cpus_[me].offline = false;
    // Release: what this CPU set up before is visible to whoever finds it online.
    online_->Add(me, Order::kRelease);
  }
  CpuSet Online() const {
    return online_->Load(runtime_.words, Order::kAcquire);  // Acquire: pairs with GoOnline.
  }

  void Lock(ProgramLock<P>& lock) {
    port_.BeginWait();
    if (TryLock(lock)) return;
    const u32 frame = runtime_.account.Push(FrameKind::kLockWait, u64{lock.index()} + 1, kNoCpu);
    const WaitingFor waiting{0, lock.index(), nullptr};
    runtime_.wait.GoOn(
        Site::kLock, waiting, [&] { return TryLock(lock); }, [](CpuState&) {});
    runtime_.account.Pop(frame);
  }
  void Unlock(ProgramLock<P>& lock) {
    const CpuId me = port_.Me();
    if (!lock.HeldBy(me)) {
      NoteMisuse(me, MisuseRule::kUnlockByOther, 0);
      return;
    }
    Barred bar(port_);  // As in TryLock.
    runtime_.account.LockReleased(lock.index());
    lock.Release();
  }

  // The policy's wait loop for conditions of the program. `waiting_for`: CPUs waited for, if known, for the observer.
  template <class Until>
  void WaitUntil(Site site, Until&& condition, const CpuSet* waiting_for = nullptr) {
    runtime_.wait.Until(site, WaitingFor{0, kNoCpu, waiting_for}, condition);
  }

  const Options& options() const { return options_; }

  // Distinct kinds of misuse over all CPUs, ordered by CPU; misuse(i) for i < misuse_count().
  u32 misuse_count() const {
    u32 count = 0;
    for (CpuId cpu = 0; cpu < runtime_.cpus; ++cpu) count += cpus_[cpu].misuse.size();
    return count;
  }
  Misuse misuse(u32 index) const {
    CpuId cpu = 0;
    for (; index >= cpus_[cpu].misuse.size(); ++cpu) index -= cpus_[cpu].misuse.size();
    return cpus_[cpu].misuse[index];
  }
  // Requests that CPUs served after they had gone offline.
  u64 late_drains() const {
    u64 count = 0;
    for (CpuId cpu = 0; cpu < runtime_.cpus; ++cpu) count += cpus_[cpu].late_drains;
    return count;
  }

 private:
  // What core keeps for one CPU besides its CpuState. Written by that CPU only.
  struct alignas(kCacheLine) Cpu {
    u32 handler_depth = 0;
    u32 inline_depth = 0;
    bool offline = false;
    u64 late_drains = 0;
    MisuseLog misuse;
  };
  struct Interruption {
    u32 frame;
    u64 site;
  };
  // What the caller runs itself of a call to several; see runtime.h.
  struct LocalPart {
    Calls& calls;
    const CallToken& call;
    const Request& request;
    const bool wanted;

    void operator()() const {
      if (wanted) calls.RunInline(call, request.function, request.argument);
    }
  };

  static void DoNothing(void*) {}
  static bool PolicyHolds(void* self) {
    Calls& calls = *static_cast<Calls*>(self);
    return calls.algorithm_.Holds(calls.port_.Me());
  }
  static u32 PolicyDrain(void* self, Site site) { return static_cast<Calls*>(self)->PollOnce(site); }

  CallToken Enter(CpuId peer) {
    const Cpu& cpu = cpus_[port_.Me()];
    return runtime_.account.Enter(peer, cpu.handler_depth + cpu.inline_depth > 0 ? 1 : 0);
  }
  Result Return(const CallToken& call, Result result) { return runtime_.account.Return(call, result); }

  CallContext Context(const Cpu& cpu) const {
    if (cpu.handler_depth > 0) return CallContext::kHandler;
    if (cpu.inline_depth > 0) return CallContext::kInline;
    return port_.IrqsMasked() ? CallContext::kTaskMasked : CallContext::kTask;
  }

  void NoteMisuse(CpuId me, MisuseRule rule, u64 call) {
    Barred bar(port_);  // An own handler may note one too.
    cpus_[me].misuse.Note(me, rule, Context(cpus_[me]), call);
  }

  // The tests at entry.
  Result Admit(const CallToken& call, bool wait) {
    const Cpu& cpu = cpus_[call.me];
    const CallContext context = Context(cpu);
    // An offline CPU calls as it likes: nobody can send to it.
    if (context != CallContext::kTask && !cpu.offline) {
      NoteMisuse(call.me, context == CallContext::kHandler ? MisuseRule::kNotTask : MisuseRule::kIrqsMasked, call.id);
      if (options_.strict) return Result::kWouldDeadlock;
    }
    return (wait || Algorithm::kAlwaysWaits) && runtime_.wait.Refuses() ? Result::kBusy : Result::kOk;
  }

  // Barred: a handler that comes between the lock and its account, and never returns, would leave the holder unknown.
  bool TryLock(ProgramLock<P>& lock) {
    Barred bar(port_);
    if (!lock.TryLock(port_.Me())) return false;
    runtime_.account.LockTaken(lock.index());
    return true;
  }

  bool IsOnline(CpuId cpu) const {
    return cpu < runtime_.cpus && online_->Has(cpu, Order::kAcquire);  // Acquire: pairs with GoOnline.
  }
  CpuSet OnlineOf(const CpuSet& mask) const {
    CpuSet set;
    for (u32 i = 0; i < runtime_.words; ++i) {
      // Acquire: pairs with GoOnline.
      set.set_word(i, mask.word(i) & online_->LoadWord(i, Order::kAcquire));
    }
    return set;
  }
  // The port knows no distances between CPUs; numbers stand in for them. Ties go to the lower one.
  CpuId Nearest(const CpuSet& mask, CpuId me) const {
    CpuId best = kNoCpu;
    u32 best_distance = ~u32{0};
    for (const CpuId cpu : Each(OnlineOf(mask))) {
      const u32 distance = cpu < me ? me - cpu : cpu - me;
      if (distance >= best_distance) continue;
      best = cpu;
      best_distance = distance;
    }
    return best;
  }

  Result Single(const CallToken& call, CpuId cpu, const Request& request) {
    if (cpu == call.me) {
      RunInline(call, request.function, request.argument);
      return Result::kOk;
    }
    if (!IsOnline(cpu)) return Result::kNoCpu;
    return algorithm_.Single(call, cpu, request);
  }

  Result Many(const CpuSet& mask, const Request& request, bool local) {
    const CallToken call = Enter(kNoCpu);
    const Result refusal = Admit(call, request.wait);
    if (refusal != Result::kOk) return Return(call, refusal);
    CpuSet live = mask;
    CpuSet targets = OnlineOf(live);
    targets.Remove(call.me);
    port_.MutateMask(live);  // Without effect, since the algorithm works on `targets`.
    return Return(call, algorithm_.Many(call, targets, request, LocalPart{*this, call, request, local}));
  }

  void RunInline(const CallToken& call, Function function, void* argument) {
    Cpu& cpu = cpus_[call.me];
    const bool open = !port_.IrqsMasked();
    if (open) port_.MaskIrqs();
    port_.StampStage(Stage::kKickSkipped, call.id, call.me, static_cast<u32>(SkipReason::kSelf));
    ++cpu.inline_depth;
    runtime_.account.Run(call.id, function, argument);
    --cpu.inline_depth;
    if (open) port_.OpenIrqs();
  }

  // A handler interrupts a wait: until it waits itself, its CPU is at no site.
  Interruption BeginHandler(CpuState& state, FrameKind kind) {
    ++cpus_[port_.Me()].handler_depth;
    const Interruption interruption{runtime_.account.Push(kind, 0, kNoCpu), state.site};
    Poke(state.site, static_cast<u64>(Site::kNone));
    return interruption;
  }
  // Whether the handler interrupted a wait that had opened a window for it.
  static bool ThroughWindow(const CpuState& state, const Interruption& interruption) {
    if (interruption.frame == 0 || interruption.frame > kMaxFrames) return false;
    return static_cast<FrameKind>(state.frames[interruption.frame - 1].packed & 0xff) == FrameKind::kWindow;
  }
  void EndHandler(CpuState& state, const Interruption& interruption) {
    Poke(state.site, interruption.site);
    runtime_.account.Pop(interruption.frame);
    --cpus_[port_.Me()].handler_depth;
  }

  // A drain entered without an interrupt, the latch untouched; how many requests it took.
  u32 PollOnce(Site site) {
    CpuState& state = port_.state();
    const Interruption handler = BeginHandler(state, FrameKind::kHandler);
    Bump(state.poll_hits);
    port_.StampStage(Stage::kPollHit, 0, kNoCpu, static_cast<u32>(site));
    const u32 taken = DrainOwn();
    port_.StampStage(Stage::kHandlerExit, 0, kNoCpu, 0);
    EndHandler(state, handler);
    return taken;
  }
  u32 DrainOwn() {
    const CpuId me = port_.Me();
    const bool late = cpus_[me].offline;
    const u32 taken = algorithm_.Drain(me);
    if (late) cpus_[me].late_drains += taken;
    return taken;
  }

  P& port_;
  const Options options_;
  Arena arena_;
  AtomicSet<P>* const online_;
  Runtime<P> runtime_;
  Cpu* const cpus_;
  Algorithm algorithm_;
};

}  // namespace crosscall::core

#endif  // AGENT_CORE_CALLS_H_
