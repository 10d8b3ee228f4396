// The port: what core needs of a machine. This file is the contract; ports model it, tests/contract proves it.
//
// A port object stands for one machine of `cpu_count()` CPUs and is shared by all of them; "this CPU" is the one that
// executes the call. All members may be called on every CPU at any time unless said otherwise.
//
// Types
//   Atomic<T>   T is u32, u64 or a pointer. load(order), store(v, order), exchange(v, order), fetch_add(v, order),
//               fetch_or(v, order), fetch_and(v, order) (the last three for integers only),
//               compare_exchange(T& expected, T desired, order): strong; failure loads with kAcquire or weaker.
//               Value-initialised to zero.
//   Plain<T>    a field that the algorithm's own ordering protects: get(), set(v). On hardware just a T; the model port
//               convicts unordered accesses as data races.
//   SpinLock    a short internal lock: lock(), unlock(). Taken inside Bar() only, never held over a wait for another
//               CPU.
//
// Interrupts
//   Bar() / Unbar(previous)   a short section that bars interrupts *and* IPIs of this CPU; nests; Bar returns the
//   former
//                             state for Unbar. What arrived meanwhile is taken at the outermost Unbar, if open then.
//                             Accesses of the section stay inside it, as this CPU's own handlers see them.
//   IrqsMasked()              this CPU's mask flag: a program masked it, or a handler runs.
//   MaskIrqs(), OpenIrqs()    set the flag. What it bars is the port's irq model. OpenIrqs takes what is latched.
//   Window()                  only with interrupts masked: let latched IPIs (and perhaps device interrupts) in, then
//                             mask again.
//   SendIpis(set)             ring the doorbell of each CPU. A full barrier first (O2): what this CPU stored before is
//                             visible to a handler entered for it. Sets one latch bit a CPU; a set latch merges.
//   Ack()                     clear this CPU's latch; a full barrier afterwards (O3): a look at the queue that follows
//                             sees everything published before a kick that the cleared latch absorbed.
//   The port calls the handler it was given (see Calls::OnIpi) on the target with the mask flag set, never inside
//   Bar().
//
// Waiting and faults
//   BeginWait()               a wait begins, with a first look at its condition; each fruitless look ends with a Pause
//                             or with a poll that took something.
//   BeginLook()               another look at the condition of the same wait begins. Both are nothing on hardware; the
//                             model knows by them what a look is. A condition keeps nothing of a fruitless look but
//                             what stays true.
//   Pause()                   one fruitless look of a wait loop. The model makes it a blocking point.
//   AllocFails()              asked once for each record allocated; true injects a failure.
//   KickGap(targets)          called between publish and kick; faults and device interrupts of that window are injected
//                             here. Harmless otherwise.
//   MutateMask(set)           the fault `mutate_mask`: may change the caller's own mask while a call runs. An algorithm
//                             that works on a private copy does not notice.
//
// Observation
//   Now()                     raw clock, cheap, monotonic on one CPU.
//   state()                   this CPU's CpuState, and state_of(cpu) another's; lock_state(i). Never null.
//   StampStage(stage, call, peer, detail)   a step of this CPU, at the time of Now()
//   StampAgain(stage, call, peer, detail)   the same, at the time of this CPU's last stamp: for a step that follows at
//                             once, where a look at the clock would cost more than the step. Never a handler's first.
#ifndef AGENT_CORE_PORT_H_
#define AGENT_CORE_PORT_H_

#include "agent/core/cpu_set.h"
#include "agent/core/stage.h"
#include "agent/core/types.h"

namespace crosscall::core {

template <class A, class B>
inline constexpr bool kSame = false;
template <class A>
inline constexpr bool kSame<A, A> = true;
template <class A, class B>
concept SameAs = kSame<A, B>;

template <class A, class T>
concept PortAtomic = requires(A& a, const A& ca, T value, T& expected, Order order) {
  { ca.load(order) } -> SameAs<T>;
  a.store(value, order);
  { a.exchange(value, order) } -> SameAs<T>;
  { a.compare_exchange(expected, value, order) } -> SameAs<bool>;
};

template <class P, class T>
concept PortAtomicOf = PortAtomic<typename P::template Atomic<T>, T>;

template <class P>
concept PortTypes = requires(typename P::template Plain<u64>& plain, typename P::SpinLock& lock) {
  requires PortAtomicOf<P, u32>;
  requires PortAtomicOf<P, u64>;
  requires PortAtomicOf<P, void*>;
  plain.set(plain.get());
  lock.lock();
  lock.unlock();
};

template <class P>
concept PortOperations = requires(P& p, const P& cp, CpuId cpu, const CpuSet& set, CpuSet& mutable_set, u32 previous) {
  { cp.cpu_count() } -> SameAs<u32>;
  { cp.Me() } -> SameAs<CpuId>;
  { p.Bar() } -> SameAs<u32>;
  p.Unbar(previous);
  { cp.IrqsMasked() } -> SameAs<bool>;
  p.MaskIrqs();
  p.OpenIrqs();
  p.Window();
  p.SendIpis(set);
  p.Ack();
  p.BeginWait();
  p.BeginLook();
  p.Pause();
  { p.AllocFails() } -> SameAs<bool>;
  p.KickGap(set);
  p.MutateMask(mutable_set);
  { cp.Now() } -> SameAs<u64>;
  { p.state() } -> SameAs<CpuState&>;
  { p.state_of(cpu) } -> SameAs<CpuState&>;
  { p.lock_state(cpu) } -> SameAs<LockState&>;
  p.StampStage(Stage::kEnter, u64{0}, cpu, u32{0});
  p.StampAgain(Stage::kEnter, u64{0}, cpu, u32{0});
};

template <class P>
concept Port = PortTypes<P> && PortOperations<P>;

}  // namespace crosscall::core

#endif  // AGENT_CORE_PORT_H_
