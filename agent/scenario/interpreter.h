// Runs a compiled scenario on real or modelled CPUs: each CPU walks its program's op array and carries the operations
// out through core::Calls and the port. Header-only and without library headers; the kernel module links it too.
//
// Rounds. RunRound carries this CPU's program out once. The runner repeats rounds and lets all CPUs meet between them.
// A round leaves nothing behind: at its end the CPU goes online again if the program left it offline, interrupts are
// opened if the program left them masked, and then its outstanding nowait and async calls are waited for. Only locks
// stay as the program left them: who forgets to unlock finds out.
//
// Functions run as interrupt handlers do, with interrupts masked. Calls and functions that nest deeper than kMaxNesting
// on one CPU, as a function that calls itself on its own CPU does, are a violation and are not carried out.
//
// No allocation, no system call, no library call. Memory comes from the caller: BytesNeeded, zeroed, aligned to a cache
// line. A CPU's heartbeat grows with every operation.
//
// Thread safety: RunRound on each CPU, RunDevice from its device interrupt handler; the rest of the members at any
// time.
#ifndef AGENT_SCENARIO_INTERPRETER_H_
#define AGENT_SCENARIO_INTERPRETER_H_

#include "agent/core/account.h"
#include "agent/core/arena.h"
#include "agent/core/calls.h"
#include "agent/core/section.h"
#include "agent/scenario/barrier.h"
#include "agent/scenario/checked_calls.h"
#include "agent/scenario/environment.h"
#include "agent/scenario/ops.h"
#include "agent/scenario/violation.h"

namespace crosscall::scenario {

// C models core::Calls (its API family, Lock, Unlock and WaitUntil).
template <class C, Environment E>
class Interpreter {
 public:
  using P = typename C::PortType;

  static core::usize BytesNeeded(const ScenarioView& view) {
    return core::Arena::BytesFor<Cpu>(view.cpu_count) + core::Arena::BytesFor<LockRoom>(view.lock_count) +
           core::Arena::BytesFor<Barrier<P>>(view.barrier_count) + CheckedCalls<C>::BytesNeeded(view);
  }

  // `memory` holds `bytes` >= BytesNeeded(view), zeroed, aligned to a cache line. Everything passed must outlive this
  // object, the arrays behind `view` too.
  Interpreter(C& calls, P& port, E& environment, const ScenarioView& view, void* memory, core::usize bytes)
      : Interpreter(calls, port, environment, view, core::Arena(memory, bytes)) {}
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;

  // Carries out this CPU's program once; nothing if it has none. Counts include what called functions did on this CPU
  // since its last round.
  RoundCounts RunRound() {
    const core::CpuId me = port_.Me();
    RoundCounts counts;
    if (view_.programs[me] != kNoBody) RunBody<true>(view_.programs[me], me, counts);
    if (cpus_[me].offline) GoOnline(me);
    if (port_.IrqsMasked()) port_.OpenIrqs();
    checked_.Settle(me);
    return counts += TakeHandlerCounts(me);
  }

  // The device interrupt `index` of the scenario; the port calls it on that interrupt's CPU with interrupts masked.
  void RunDevice(core::u32 index) { RunFunction(view_.devices[index].function, port_.Me()); }

  // Of calls that functions made on `cpu` since its last round; exact when that CPU is at rest.
  const RoundCounts& handler_counts(core::CpuId cpu) const { return cpus_[cpu].handler_counts; }

  // What went wrong on `cpu`, its first violation in detail; exact when that CPU is at rest.
  const ViolationReport& violations(core::CpuId cpu) const { return checked_.violations(cpu); }

 private:
  struct alignas(core::kCacheLine) Cpu {
    bool offline = false;           // the program left the set of callable CPUs
    core::u64 nesting = 0;          // functions on this CPU's stack
    core::u64 violations_told = 0;  // included in counts returned so far
    RoundCounts handler_counts;     // of calls that functions made on this CPU since its last round
  };
  struct alignas(core::kCacheLine) Lock {
    explicit Lock(core::u32 index) : lock(index) {}
    core::ProgramLock<P> lock;
    // The holder's: whether lock_irqsave found interrupts masked.
    typename P::template Plain<core::u64> was_masked = {};
  };
  // Room for a Lock, which unlike the arena's arrays needs an argument to be built.
  struct alignas(Lock) LockRoom {
    unsigned char bytes[sizeof(Lock)];
  };

  Interpreter(C& calls, P& port, E& environment, const ScenarioView& view, core::Arena arena)
      : calls_(calls),
        port_(port),
        environment_(environment),
        view_(view),
        cpus_(arena.Make<Cpu>(view.cpu_count)),
        locks_(BuildLocks(arena.Make<LockRoom>(view.lock_count), view.lock_count)),
        barriers_(arena.Make<Barrier<P>>(view.barrier_count)),
        checked_(calls, port, view, &RunFor, this, arena) {}

  static Lock* BuildLocks(LockRoom* rooms, core::u32 count) {
    // Index 0 of the flight region is the algorithm's own lock.
    for (core::u32 i = 0; i < count; ++i) ::new (core::ArenaPlace{rooms[i].bytes}) Lock(i + 1);
    return reinterpret_cast<Lock*>(rooms);
  }

  static void RunFor(void* owner, core::u32 function, core::CpuId me) {
    static_cast<Interpreter*>(owner)->RunFunction(function, me);
  }

  void RunFunction(core::u32 function, core::CpuId me) {
    if (function == kNoopFunction) return;
    Cpu& cpu = cpus_[me];
    const core::u64 nesting = core::Peek(cpu.nesting);
    if (nesting == kMaxNesting) return checked_.Violate(ViolationKind::kNesting, me, view_.functions[function], 0);
    // A handler that comes between these two lines is through before we go on, so the count comes out right.
    core::Poke(cpu.nesting, nesting + 1);
    RoundCounts counts;
    RunBody<false>(view_.functions[function], me, counts);
    core::Poke(cpu.nesting, nesting);
    if (counts.calls == 0) return;
    const core::Barred barred(port_);
    cpu.handler_counts += counts;
  }

  RoundCounts TakeHandlerCounts(core::CpuId me) {
    Cpu& cpu = cpus_[me];
    const core::Barred barred(port_);
    RoundCounts counts = cpu.handler_counts;
    cpu.handler_counts = RoundCounts{};
    const core::u64 violations = core::Peek(checked_.violations(me).count);
    counts.violations = violations - cpu.violations_told;
    cpu.violations_told = violations;
    return counts;
  }

  // Walks a body to its kEnd. The only loop of the timed path; what it adds to an operation is measured by
  // tests/bench/interpreter_bench.cc.
  template <bool kProgram>
  void RunBody(core::u32 first, core::CpuId me, RoundCounts& counts) {
    core::u64 rounds_left[kMaxLoopDepth] = {};
    core::u64& heartbeat = port_.state().heartbeat;
    const Op* const ops = view_.ops;
    core::u32 at = first;
    for (; ops[at].kind != OpKind::kEnd; ++at) {
      const Op& op = ops[at];
      environment_.AtOperation(me, Position{at, kProgram, rounds_left, counts});
      core::Bump(heartbeat);
      switch (op.kind) {
        case OpKind::kRepeat:
          rounds_left[op.index] = op.value;
          break;
        case OpKind::kRepeatEnd:
          if (--rounds_left[op.index] != 0) at = op.jump - 1;
          break;
        case OpKind::kCallSingle:
        case OpKind::kCallMany:
        case OpKind::kRunOn:
        case OpKind::kCallAsync:
          Call<kProgram>(at, me, counts);
          break;
        default:
          RunSimple(op, me);
      }
    }
    if constexpr (kProgram) environment_.AtOperation(me, Position{at, kProgram, rounds_left, counts});
  }

  template <bool kProgram>
  void Call(core::u32 op_index, core::CpuId me, RoundCounts& counts) {
    if constexpr (kProgram) {
      const core::u64 intended = environment_.BeforeCall(me);
      environment_.AfterCall(me, intended, checked_.Call(op_index, me, counts));
    } else {
      checked_.Call(op_index, me, counts);
    }
  }

  // Operations that neither call nor loop.
  void RunSimple(const Op& op, core::CpuId me) {
    switch (op.kind) {
      case OpKind::kIrqOff:
        return port_.MaskIrqs();
      case OpKind::kIrqOn:
        return port_.OpenIrqs();
      case OpKind::kLock:
        calls_.Lock(locks_[op.index].lock);
        return locks_[op.index].was_masked.set(1);  // a stray unlock_irqrestore then opens nothing
      case OpKind::kUnlock:
        if (Holds(op, me)) calls_.Unlock(locks_[op.index].lock);
        return;
      case OpKind::kLockIrqsave:
        return LockIrqsave(locks_[op.index]);
      case OpKind::kUnlockIrqrestore:
        if (Holds(op, me)) UnlockIrqrestore(locks_[op.index]);
        return;
      case OpKind::kWaitAll:
        return checked_.WaitAll(me);
      case OpKind::kWork:
        return Work(op.value);
      case OpKind::kIdle:
        return environment_.IdleFor(op.value);
      case OpKind::kBarrier:
        return barriers_[op.index].Meet(port_, view_.barrier_parties[op.index], op.index);
      case OpKind::kOffline:
        return GoOffline(me);
      case OpKind::kOnline:
        return GoOnline(me);
      default:
        __builtin_trap();  // RunBody has the others; Compile makes no more kinds
    }
  }

  // Only the holder may unlock; anybody else would let two CPUs into the section, so it is reported and not done.
  bool Holds(const Op& op, core::CpuId me) {
    if (locks_[op.index].lock.HeldBy(me)) return true;
    checked_.Violate(ViolationKind::kForeignUnlock, me, static_cast<core::u64>(&op - view_.ops), 0);
    return false;
  }

  void LockIrqsave(Lock& lock) {
    const bool was_masked = port_.IrqsMasked();
    port_.MaskIrqs();
    calls_.Lock(lock.lock);
    lock.was_masked.set(was_masked ? 1 : 0);
  }
  void UnlockIrqrestore(Lock& lock) {
    const bool was_masked = lock.was_masked.get() != 0;
    calls_.Unlock(lock.lock);
    if (!was_masked) port_.OpenIrqs();
  }

  // Reads the clock and nothing else: a computation that touches no memory.
  void Work(core::u64 nanos) {
    const core::u64 ticks = environment_.TicksFromNanos(nanos);
    const core::u64 start = port_.Now();
    while (port_.Now() - start < ticks) {
    }
  }

  void GoOffline(core::CpuId me) {
    if (cpus_[me].offline) return;
    checked_.GoOffline(me);
    cpus_[me].offline = true;
  }
  void GoOnline(core::CpuId me) {
    if (!cpus_[me].offline) return;
    cpus_[me].offline = false;
    checked_.GoOnline(me);
  }

  C& calls_;
  P& port_;
  E& environment_;
  const ScenarioView view_;
  Cpu* const cpus_;
  Lock* const locks_;
  Barrier<P>* const barriers_;
  CheckedCalls<C> checked_;
};

}  // namespace crosscall::scenario

#endif  // AGENT_SCENARIO_INTERPRETER_H_
