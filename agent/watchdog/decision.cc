#include "agent/watchdog/decision.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"

namespace crosscall::watchdog {
namespace {

using core::CallPhase;
using core::FrameKind;

// A sleeping thread that ran for less than a thousandth of the time between the looks did nothing but sleep.
constexpr int kIdleShare = 1000;

Finding Found(int step, v1::HangClass hang_class, std::uint32_t culprit, std::string reason) {
  return {hang_class, false, step, culprit, std::move(reason)};
}

std::string Cpu(std::uint32_t cpu) { return absl::StrCat("CPU ", cpu); }

bool SignalIn(std::uint64_t set, std::uint32_t signal) {
  return signal >= 1 && signal <= 64 && ((set >> (signal - 1)) & 1) != 0;
}

// A spinner that yields uses hardly any processor time and yet takes every signal: its heartbeat is life enough. So is
// any time at all that a runnable thread got.
bool Ran(const TwoLooks& looks, std::uint32_t cpu) {
  const CpuLook& before = looks.before.cpus[cpu];
  const CpuLook& now = looks.now.cpus[cpu];
  if (now.heartbeat != before.heartbeat) return true;
  if (now.thread.ran_nanos <= before.thread.ran_nanos) return false;
  const std::int64_t gap = std::max<std::int64_t>(absl::ToInt64Nanoseconds(looks.gap), 0);
  const std::uint64_t ran = now.thread.ran_nanos - before.thread.ran_nanos;
  return now.thread.state == 'R' || ran >= static_cast<std::uint64_t>(gap) / kIdleShare;
}

// A CPU that neither calls, serves nor waits may sleep in the kernel until its IPI wakes it; masked, until its idle
// time is over. But one that bars IPIs with none pending has taken one: it is on its way into the handler.
bool MayIdle(const Look& look, std::uint32_t cpu) {
  const CpuLook& idle = look.cpus[cpu];
  return idle.site == core::Site::kNone && idle.frames.empty() && (!idle.ipis_barred || IpiPending(look, cpu));
}

bool Addresses(const FrameLook& frame, std::uint32_t target) {
  return frame.target == target || frame.target == kSeveralCpus;
}

// Step 2: somebody has published to the target and not kicked it yet, and stays there.
std::optional<Finding> OwedKick(const TwoLooks& looks, const WaitEdge& edge) {
  if (looks.now.cpus[edge.to].queued() == 0 || IpiPending(looks.now, edge.to)) return std::nullopt;
  for (std::uint32_t owing = 0; owing < looks.now.cpus.size(); ++owing) {
    const std::vector<FrameLook>& now = looks.now.cpus[owing].frames;
    const std::vector<FrameLook>& before = looks.before.cpus[owing].frames;
    for (std::size_t i = 0; i < std::min(now.size(), before.size()); ++i) {
      const bool owes =
          now[i].kind == FrameKind::kCall && now[i].phase == CallPhase::kPublished && Addresses(now[i], edge.to);
      const bool stays = before[i].call == now[i].call && before[i].phase == now[i].phase;
      if (!owes || !stays) continue;
      const std::string where = i + 1 < now.size() ? "and something else runs on its stack above that call"
                                                   : "and does not get on between publishing and kicking";
      return Found(2, v1::HANG_CLASS_PROXY, owing,
                   absl::StrCat("the kick is owed by ", Cpu(owing), " for its call ", core::SequenceOf(now[i].call),
                                ", not sent yet, ", where));
    }
  }
  return std::nullopt;
}

bool QueueMoves(const TwoLooks& looks, std::uint32_t cpu) {
  return looks.now.cpus[cpu].requests_taken != looks.before.cpus[cpu].requests_taken ||
         looks.now.cpus[cpu].functions_run != looks.before.cpus[cpu].functions_run;
}

// Step 4: the target serves, but not (or not yet) this call.
std::optional<Finding> Draining(const TwoLooks& looks, const WaitEdge& edge) {
  const CpuLook& target = looks.now.cpus[edge.to];
  if (QueueMoves(looks, edge.to)) {
    if (target.queued() == 0 && !InHandler(target)) return std::nullopt;
    return Found(4, v1::HANG_CLASS_OVERLOAD, edge.to,
                 absl::StrCat(Cpu(edge.to), " goes on serving, with ", target.queued(), " requests in its queue"));
  }
  if (const FrameLook* function = RunningFunction(target)) {
    const std::string call =
        absl::StrCat("call ", core::SequenceOf(function->call), " of ", Cpu(core::CallerOf(function->call)));
    // A CPU that waits for all its earlier calls names none.
    const std::uint64_t awaited = looks.now.cpus[edge.from].wait_call;
    const bool this_call = awaited != 0 ? function->call == awaited : core::CallerOf(function->call) == edge.from;
    if (this_call) {
      return Found(4, v1::HANG_CLASS_SLOW_FUNCTION, edge.to,
                   absl::StrCat(Cpu(edge.to), " is inside the function of this very call (", call, ")"));
    }
    return Found(4, v1::HANG_CLASS_QUEUED_BEHIND, edge.to,
                 absl::StrCat(Cpu(edge.to), " is inside the function of ", call, ", this request comes later"));
  }
  const bool twice = target.requests_taken > target.requests_published &&
                     looks.before.cpus[edge.to].requests_taken > looks.before.cpus[edge.to].requests_published;
  if (InHandler(target) && InHandler(looks.before.cpus[edge.to])) {
    return Found(4, v1::HANG_CLASS_CYCLIC_QUEUE, edge.to,
                 absl::StrCat(Cpu(edge.to), " is in its handler and neither takes a request nor runs a function",
                              twice ? "; it took more requests than were published" : ""));
  }
  return std::nullopt;
}

// Steps 6 and 7: what the queue and the latch say of a target that is not serving.
Finding QueueAndLatch(const TwoLooks& looks, const WaitEdge& edge) {
  const CpuLook& target = looks.now.cpus[edge.to];
  const std::string name = Cpu(edge.to);
  if (target.queued() == 0) {
    return Found(6, v1::HANG_CLASS_NOBODY_OWES, edge.to,
                 absl::StrCat(name, " has an empty queue and runs no handler: nobody owes a completion"));
  }
  const std::string queued = absl::StrCat(target.queued(), " request(s) in its queue");
  if (IpiPending(looks.now, edge.to)) {
    if (target.ipis_barred) {
      return Found(7, v1::HANG_CLASS_MASKED_TARGET, edge.to,
                   absl::StrCat(name, " bars IPIs, with one pending and ", queued));
    }
    return Found(7, v1::HANG_CLASS_TARGET_GONE, edge.to,
                 absl::StrCat(name, " is open with an IPI pending and ", queued, ", and does not take it"));
  }
  const bool taken = target.last_kick != 0 && target.last_ipi_entry >= target.last_kick;
  if (taken) {
    return Found(7, v1::HANG_CLASS_DATA_OVERTAKEN, edge.to,
                 absl::StrCat(name, " took the IPI and found nothing (", target.spurious_entries,
                              " such entries), but has ", queued, " now"));
  }
  return Found(7, v1::HANG_CLASS_LOST_IPI, edge.to,
               absl::StrCat(name, target.ipis_barred ? " bars IPIs" : " is open for IPIs", ", has ", queued,
                            ", no IPI pending and none taken since the last kick"));
}

// The call lock or a program's lock that nobody in a wait holds: its holder is at work.
Finding HeldByBusy(const TwoLooks& looks, const WaitEdge& edge) {
  const CpuLook& holder = looks.now.cpus[edge.to];
  const CpuLook& before = looks.before.cpus[edge.to];
  if (edge.site == core::Site::kLock) {
    return Found(5, v1::HANG_CLASS_NOT_A_CALL_FAULT, edge.to,
                 absl::StrCat("the program of ", Cpu(edge.to), " holds the lock and waits for nobody"));
  }
  if (const FrameLook* function = RunningFunction(holder)) {
    return Found(4, v1::HANG_CLASS_QUEUED_BEHIND, edge.to,
                 absl::StrCat(Cpu(edge.to), " holds the call lock and is inside the function of call ",
                              core::SequenceOf(function->call), " of ", Cpu(core::CallerOf(function->call))));
  }
  const bool moves = holder.calls_returned != before.calls_returned || holder.heartbeat != before.heartbeat;
  return Found(moves ? 4 : 5, moves ? v1::HANG_CLASS_OVERLOAD : v1::HANG_CLASS_LOCK_HELD_BY_CALLER, edge.to,
               absl::StrCat(Cpu(edge.to), " holds the call lock and ", moves ? "gets on" : "does not get on"));
}

}  // namespace

bool IpiPending(const Look& look, std::uint32_t cpu) {
  const CpuLook& target = look.cpus[cpu];
  if (SignalIn(target.thread.pending, look.ipi_signal)) return true;
  // A short section does not block the signal: the port's handler takes it at once and defers its work.
  const bool deferred = target.ipis_barred && !SignalIn(target.thread.blocked, look.ipi_signal);
  return deferred && target.kicks_received > 0 && target.last_kick > target.last_ipi_entry && target.kicks_lost == 0;
}

Finding Alive(const TwoLooks& looks, std::uint32_t cpu) {
  const CpuLook& look = looks.now.cpus[cpu];
  Finding alive;
  alive.culprit = cpu;
  if (!look.thread.exists || look.thread.state == 'Z' || look.thread.state == 'X') {
    return Found(3, v1::HANG_CLASS_TARGET_GONE, cpu, absl::StrCat("the thread of ", Cpu(cpu), " has ended"));
  }
  if (look.thread.state == 'T' || look.thread.state == 't') {
    return Found(3, v1::HANG_CLASS_TARGET_GONE, cpu,
                 absl::StrCat(Cpu(cpu), " is stopped (thread state ", std::string(1, look.thread.state), ")"));
  }
  if (Ran(looks, cpu)) return alive;
  if (look.thread.state == 'R') {
    alive.starved = true;
    alive.step = 3;
    alive.reason = absl::StrCat(Cpu(cpu), " was ready to run and got no processor time on board CPU ", look.board_cpu);
    return alive;
  }
  const bool ignores_signal = SignalIn(look.thread.pending, looks.now.ipi_signal) && !look.ipis_barred;
  if (MayIdle(looks.now, cpu) && !ignores_signal) return alive;
  return Found(3, v1::HANG_CLASS_TARGET_GONE, cpu,
               absl::StrCat(Cpu(cpu), " used no processor time where it should run (thread state ",
                            std::string(1, look.thread.state), ")"));
}

Finding DecideEdge(const TwoLooks& looks, const WaitEdge& edge) {
  if (edge.OnCall()) {
    if (auto owed = OwedKick(looks, edge)) return *owed;
  }
  Finding alive = Alive(looks, edge.to);
  if (alive.starved || alive.hang_class != v1::HANG_CLASS_UNSPECIFIED) return alive;
  if (edge.OnLock()) return HeldByBusy(looks, edge);
  if (edge.site == core::Site::kBarrier) {
    return Found(1, v1::HANG_CLASS_NOT_A_CALL_FAULT, edge.to,
                 absl::StrCat("the program of ", Cpu(edge.to), " has not reached the barrier"));
  }
  if (auto draining = Draining(looks, edge)) return *draining;
  return QueueAndLatch(looks, edge);
}

Finding DecideCycle(const Look& look, const std::vector<WaitEdge>& cycle) {
  const bool on_call = std::any_of(cycle.begin(), cycle.end(), [](const WaitEdge& edge) { return edge.OnCall(); });
  const bool on_lock = std::any_of(cycle.begin(), cycle.end(), [](const WaitEdge& edge) { return edge.OnLock(); });
  const std::uint32_t culprit = cycle.front().to;
  const bool own_stack = cycle.size() == 1 && InHandler(look.cpus[culprit]);
  if (on_lock && (on_call || own_stack)) {
    return Found(5, v1::HANG_CLASS_LOCK_HELD_BY_CALLER, culprit,
                 own_stack && !on_call ? "a handler wants a lock that the code below it on the same stack holds"
                                       : "the awaited CPU spins on a lock whose owner waits for it");
  }
  if (on_call) {
    return Found(5, v1::HANG_CLASS_MASKED_TARGET, culprit,
                 "each waits for the next one's part of a call, and none takes IPIs while it waits");
  }
  return Found(1, v1::HANG_CLASS_NOT_A_CALL_FAULT, culprit, "only the program's locks and barriers form the cycle");
}

Finding DecideBusyCaller(const TwoLooks& looks, std::uint32_t cpu) {
  Finding alive = Alive(looks, cpu);
  if (alive.starved || alive.hang_class != v1::HANG_CLASS_UNSPECIFIED) return alive;
  const CpuLook& look = looks.now.cpus[cpu];
  if (const FrameLook* function = RunningFunction(look)) {
    return Found(4, v1::HANG_CLASS_SLOW_FUNCTION, cpu,
                 absl::StrCat(Cpu(cpu), " itself is inside the function of call ", core::SequenceOf(function->call),
                              " of ", Cpu(core::CallerOf(function->call))));
  }
  if (InHandler(look) && InHandler(looks.before.cpus[cpu]) && !QueueMoves(looks, cpu)) {
    return Found(4, v1::HANG_CLASS_CYCLIC_QUEUE, cpu,
                 absl::StrCat(Cpu(cpu), " is in its handler and neither takes a request nor runs a function"));
  }
  if (QueueMoves(looks, cpu) || look.heartbeat != looks.before.cpus[cpu].heartbeat) {
    return Found(4, v1::HANG_CLASS_OVERLOAD, cpu, absl::StrCat(Cpu(cpu), " gets on, too slowly for the deadline"));
  }
  return Found(1, v1::HANG_CLASS_NOT_A_CALL_FAULT, cpu,
               absl::StrCat(Cpu(cpu), " waits for no other CPU: its program or a device's function keeps it"));
}

}  // namespace crosscall::watchdog
