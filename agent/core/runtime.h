// What every algorithm is given: the machine, its account and its waits. Built by Calls, shared by all CPUs.
//
// An algorithm is a class template over the port with these members; all but the constructor run on any CPU:
//   static constexpr bool kAlwaysWaits          even a nowait call waits for its targets
//   static constexpr bool kInterruptCalls       a call may interrupt a call of the same CPU (section 4.8), or none can
//   static constexpr bool kFunctionsCall        a called function may make a nowait call
//   static usize BytesNeeded(u32 cpus)
//   A(Runtime<P>&, Arena&)
//   Result Single(call, target, request)        target is another CPU
//   Result Many(call, targets, request, local)  others only; local() runs once, between kicks and wait, or never if the
//                                               call is refused. An empty set runs local() alone. local.wanted: whether
//                                               it runs anything
//   Result Async(call, target, AsyncRecord&)    never waits, unless kAlwaysWaits
//   bool Holds(me)                              this CPU's queue holds something
//   u32 Drain(me)                               takes and runs what it holds; how many requests were taken
#ifndef AGENT_CORE_RUNTIME_H_
#define AGENT_CORE_RUNTIME_H_

#include "agent/core/account.h"
#include "agent/core/atomic_set.h"
#include "agent/core/types.h"
#include "agent/core/wait.h"

namespace crosscall::core {

// What the function is, and whether the caller waits for its end.
struct Request {
  Function function;
  void* argument;
  bool wait;
};

// `mailbox_grid`'s knob. kIfEmpty sends fewer IPIs in bursts and brings back the proxy IPI.
enum class KickRule : u8 { kAlways = 0, kIfEmpty = 1 };

template <class P>
struct Runtime {
  Runtime(P& machine, const AtomicSet<P>& callable, WaitPolicy policy, KickRule kicks, const OwnQueue& own)
      : port(machine),
        online(callable),
        cpus(machine.cpu_count()),
        words((cpus + 63) / 64),
        kick_rule(kicks),
        account(machine),
        wait(machine, account, policy, words, own) {}

  P& port;
  const AtomicSet<P>& online;
  const u32 cpus;
  const u32 words;  // of a CpuSet that can hold members
  const KickRule kick_rule;
  Account<P> account;
  Wait<P> wait;
};

}  // namespace crosscall::core

#endif  // AGENT_CORE_RUNTIME_H_
