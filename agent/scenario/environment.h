// What the interpreter needs besides a machine: the scale of its clock, how to be idle, and when to start calls. The
// runner supplies it; the interpreter itself makes no system call and knows no time but the port's clock.
//
//   TicksFromNanos(ns)            a span in ticks of the port's Now(). A model that has no time returns 0.
//   IdleFor(ns)                   be idle that long, as the trial's target state says; interrupts stay as they are.
//   BeforeCall(cpu)               called before each call that a program makes (not before those of function bodies,
//                                 which must not be held up in a handler). May delay it until its intended start. The
//                                 intended start in clock ticks; 0: the call is not paced, it starts when it starts.
//   AfterCall(cpu, intended, r)   the call has returned; `intended` is what BeforeCall said. Latency counted from the
//                                 intended start does not hide a stall of the caller.
//   AtOperation(cpu, position)    called before each operation of a program or function body, and at a program's end;
//                                 for a model that tells steps.
//
// Thread safety: all members are called on every CPU at once, each for its own `cpu`.
#ifndef AGENT_SCENARIO_ENVIRONMENT_H_
#define AGENT_SCENARIO_ENVIRONMENT_H_

#include "agent/core/port.h"
#include "agent/core/types.h"
#include "agent/scenario/violation.h"

namespace crosscall::scenario {

// Where the interpreter is in a body; in a program this is all the state it has there.
struct Position {
  core::u32 op;                  // index in the op array; of kEnd at a program's end
  bool in_program;               // not in a function
  const core::u64* rounds_left;  // of each loop slot, kMaxLoopDepth of them
  const RoundCounts& counts;     // of this body so far
};

template <class E>
concept Environment = requires(E& e, const E& ce, core::u64 span, core::CpuId cpu, core::Result result,
                               const Position& position) {
  { ce.TicksFromNanos(span) } -> core::SameAs<core::u64>;
  e.IdleFor(span);
  { e.BeforeCall(cpu) } -> core::SameAs<core::u64>;
  e.AfterCall(cpu, span, result);
  e.AtOperation(cpu, position);
};

}  // namespace crosscall::scenario

#endif  // AGENT_SCENARIO_ENVIRONMENT_H_
