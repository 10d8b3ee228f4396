// `server_loop`: an initiator raises its priority, sends a message to each target and serves its own message box until
// nothing is counted for it any more: its requests answered, and those of others run. illumos.
//
// Data of a CPU: `work`, what is counted for it; `box`, a lock-free stack of messages; the one request that it makes at
// a time; one message for each possible target, which travels to the target and back. Nothing is allocated. The
// reference takes messages from a stack of free ones; as there is one for each target, the target's number finds it.
//
// Raised priority is a barred section: around the whole call, and around the whole handler. Functions run inside it,
// also those that take locks of the program.
//
// Invariants
//   A message is counted for its target before it can be found in the box, until its function has ended there; and for
//   its initiator from before it is sent until its answer has been taken out. So a CPU in its loop cannot leave between
//   the count and the message.
//   Of all who raise a CPU's `work` from 0 there is one, and it kicks, unless it is that CPU. A CPU whose `work` is not
//   0 is in its loop or has that kick coming. An answer needs no kick: its initiator is in its loop.
//   An initiator's request and messages are its own before it sends and after the last answer; the call returns later.
//   Only its CPU takes from a box, inside a barred section: what is on top stays there, below what is pushed meanwhile.
//
// Orders, by the six that every algorithm owes (reference, section 4)
//   O1  request and message are written before the push, a releasing compare-exchange; later pushes and takes are
//       read-modify-writes, so they continue its release sequence. `work` is raised before the push, so by whoever has
//       seen the message it is found raised: all changes of `work` may be relaxed, as they are of one variable.
//   O2  the push comes before SendIpis, a full barrier.
//   O3  Ack is a full barrier before the look at box and `work`.
//   O4  the take acquires.
//   O5  an answer is pushed with release: after fn for a waiting call, after the copies for a nowait one.
//   O6  the initiator takes the answer with acquire before it returns, or rewrites its request.
//
// The wait is a drain. So spin and poll_completion coincide, no policy polls while the loop itself looks, and a request
// that an initiator serves has come by polling: it is run as a poll would run it, in a handler's frame and masked. The
// initiator stays as long as others find work for it, possibly long after its own call is done.
//
// Beside whom (section 4.8)
//   two callers, any targets; mask beside single     P
//   two nowait singles of one caller                 S(t), to the same or different targets
//   interrupt-level call during an own call          barred
//   fn makes a call, waiting or not                  X: see below
//   spurious or duplicate IPI                        tolerated
// A function inside the loop is counted itself, so a call of its own would never see its CPU's count at 0; and it may
// find its CPU's one request and its messages in use by the call in whose loop it runs. Such a call is refused with
// kWouldDeadlock before it touches anything, in historic mode too.
//
// Not offered: the reference's SYNC messages, with which all targets leave together; no call of the family needs them.
//
// Source: usr/src/uts/i86pc/os/x_call.c of illumos, message form, 2010.
#ifndef AGENT_CORE_SERVER_LOOP_H_
#define AGENT_CORE_SERVER_LOOP_H_

#include "agent/core/arena.h"
#include "agent/core/cpu_set.h"
#include "agent/core/record.h"
#include "agent/core/runtime.h"
#include "agent/core/section.h"
#include "agent/core/types.h"

namespace crosscall::core {

template <class P>
class ServerLoop {
 public:
  static constexpr bool kAlwaysWaits = true;
  static constexpr bool kInterruptCalls = true;
  static constexpr bool kFunctionsCall = false;

  static usize BytesNeeded(u32 cpus) {
    return Arena::BytesFor<Cpu>(cpus) + Arena::BytesFor<Message>(usize{cpus} * cpus);
  }

  ServerLoop(Runtime<P>& runtime, Arena& arena)
      : runtime_(runtime),
        cpus_(arena.Make<Cpu>(runtime.cpus)),
        messages_(arena.Make<Message>(usize{runtime.cpus} * runtime.cpus)) {}

  Result Single(const CallToken& call, CpuId target, const Request& request) {
    return Send(call, CpuSet::Of(target), request, nullptr, [] {});
  }

  template <class Local>
  Result Many(const CallToken& call, const CpuSet& targets, const Request& request, Local&& local) {
    if (targets.Empty()) {
      local();
      return Result::kOk;
    }
    return Send(call, targets, request, nullptr, local);
  }

  // A nowait call, before whose function the target frees the record.
  Result Async(const CallToken& call, CpuId target, AsyncRecord<P>& record) {
    return Send(call, CpuSet::Of(target), Request{record.function, record.argument, false}, &record, [] {});
  }

  // What a policy could poll for. Relaxed: Drain looks again.
  bool Holds(CpuId me) const {
    const Cpu& own = cpus_[me];
    return !own.looking && own.box.load(Order::kRelaxed) != nullptr;
  }

  // The handler. Inside a loop of this CPU (a function polls, or an initiator serves) it takes just what is there, and
  // leaves the rest to that loop: the count includes what the loop is at.
  u32 Drain(CpuId me) {
    const Barred<P> bar(runtime_.port);
    Cpu& own = cpus_[me];
    if (own.in_loop) return TakeAll(own);
    own.in_loop = true;
    u32 taken = TakeAll(own);
    for (; Counted(own); taken += TakeAll(own)) AwaitMessage(own, WaitingFor{});
    own.in_loop = false;
    return taken;
  }

 private:
  template <class T>
  using Plain = typename P::template Plain<T>;
  template <class T>
  using Atomic = typename P::template Atomic<T>;

  enum class Command : u32 { kCall, kAsync, kDone };

  struct alignas(kCacheLine) Message {
    Plain<Message*> next = {};
    Plain<Command> command = {};
    Plain<CpuId> from = {};
    Plain<CpuId> to = {};
  };
  // A call on its initiator's stack.
  struct Pending {
    const CallToken& call;
    const bool wait;
    CpuSet left;  // targets whose answer has not come
  };
  struct alignas(kCacheLine) Cpu {
    // Written by all.
    Atomic<u32> work = {};
    Atomic<Message*> box = {};
    // Read by targets.
    alignas(kCacheLine) Plain<Function> function = {};
    Plain<void*> argument = {};
    Plain<u64> call = {};
    Plain<AsyncRecord<P>*> async = {};
    // This CPU's, in barred sections.
    alignas(kCacheLine) Pending* pending = nullptr;
    bool in_loop = false;  // a call or a handler is on its stack
    bool looking = false;  // and is just waiting for a message
  };

  static constexpr u32 kMinusOne = ~u32{0};

  template <class Local>
  Result Send(const CallToken& call, const CpuSet& targets, const Request& request, AsyncRecord<P>* async,
              Local&& local) {
    const Barred<P> bar(runtime_.port);
    Cpu& own = cpus_[call.me];
    if (own.in_loop) return Result::kWouldDeadlock;
    Pending pending{call, request.wait, targets};
    own.in_loop = true;
    own.pending = &pending;
    own.function.set(request.function);
    own.argument.set(request.argument);
    own.call.set(call.id);
    own.async.set(async);
    if (async != nullptr) async->record.locked.store(1, Order::kRelaxed);  // Ordered by the push (O1).
    runtime_.account.Claimed(call, call.peer);
    for (const CpuId target : Each(targets)) Post(call, target, request.wait ? Command::kCall : Command::kAsync);
    local();
    ServeUntilQuiet(own, pending);
    own.pending = nullptr;
    own.in_loop = false;
    return Result::kOk;
  }

  void Post(const CallToken& call, CpuId target, Command command) {
    Message& message = messages_[usize{call.me} * runtime_.cpus + target];
    message.command.set(command);
    message.from.set(call.me);
    message.to.set(target);
    cpus_[call.me].work.fetch_add(1, Order::kRelaxed);  // Relaxed, both: see O1.
    runtime_.account.Publish(call, target);
    const bool first = cpus_[target].work.fetch_add(1, Order::kRelaxed) == 0;
    Push(cpus_[target], message);
    if (first) {
      runtime_.account.Kick(call, target);
    } else {
      runtime_.account.KickSkipped(call, target, SkipReason::kNotFirst);
    }
  }

  static void Push(Cpu& cpu, Message& message) {
    Message* top = cpu.box.load(Order::kRelaxed);  // Relaxed: a guess.
    do {
      message.next.set(top);
    } while (!cpu.box.compare_exchange(top, &message, Order::kRelease));  // O1, O5.
  }

  // Relaxed: only this CPU lowers it, and what it stands for is seen by taking messages.
  static bool Counted(const Cpu& own) { return own.work.load(Order::kRelaxed) != 0; }

  // A message is counted: it is on its way.
  void AwaitMessage(Cpu& own, const WaitingFor& waiting) {
    own.looking = true;
    // Relaxed: the take acquires.
    runtime_.wait.Until(Site::kCompletion, waiting, [&] { return own.box.load(Order::kRelaxed) != nullptr; });
    own.looking = false;
  }

  // The initiator's loop.
  void ServeUntilQuiet(Cpu& own, const Pending& pending) {
    while (Counted(own)) {
      const CpuId target = pending.left.Empty() ? kNoCpu : pending.call.peer;
      AwaitMessage(own, WaitingFor{pending.call.id, target, &pending.left});
      // Acquire: the command.
      for (Message* top = own.box.load(Order::kAcquire); top != nullptr; top = own.box.load(Order::kAcquire)) {
        if (top->command.get() != Command::kDone) {
          ServeAsPoll();
        } else if (TakeTop(own, top)) {
          Collect(own, *top);
        }
      }
    }
  }
  // Requests in an initiator's box.
  void ServeAsPoll() {
    const bool open = !runtime_.port.IrqsMasked();
    if (open) runtime_.port.MaskIrqs();
    runtime_.wait.Drain(Site::kCompletion);
    if (open) runtime_.port.OpenIrqs();
  }

  // False, and `top` what it is now, if another has been pushed on it.
  static bool TakeTop(Cpu& own, Message*& top) {
    return own.box.compare_exchange(top, top->next.get(), Order::kAcquire);  // O4, O6.
  }

  // One by one, so that a function that polls finds the rest. How many were requests.
  u32 TakeAll(Cpu& own) {
    u32 requests = 0;
    // Acquire: the link below the top.
    for (Message* top = own.box.load(Order::kAcquire); top != nullptr; top = own.box.load(Order::kAcquire)) {
      if (!TakeTop(own, top)) continue;
      if (top->command.get() == Command::kDone) {
        Collect(own, *top);
      } else {
        Serve(own, *top);
        ++requests;
      }
    }
    return requests;
  }

  void Serve(Cpu& own, Message& message) {
    Cpu& from = cpus_[message.from.get()];
    const bool wait = message.command.get() == Command::kCall;
    const Function function = from.function.get();
    void* const argument = from.argument.get();
    const u64 call = from.call.get();
    AsyncRecord<P>* const async = from.async.get();
    runtime_.account.Taken(call);
    if (async != nullptr) async->record.locked.store(0, Order::kRelease);  // The copies come before.
    if (!wait) Answer(from, message);
    runtime_.account.Run(call, function, argument);
    if (wait) Answer(from, message);
    runtime_.account.Completed(call);
    own.work.fetch_add(kMinusOne, Order::kRelaxed);
  }
  static void Answer(Cpu& from, Message& message) {
    message.command.set(Command::kDone);
    Push(from, message);
  }

  void Collect(Cpu& own, const Message& answer) {
    Pending& pending = *own.pending;
    pending.left.Remove(answer.to.get());
    own.work.fetch_add(kMinusOne, Order::kRelaxed);
    if (pending.wait && pending.left.Empty()) runtime_.account.Observed(pending.call);
  }

  Runtime<P>& runtime_;
  Cpu* const cpus_;
  Message* const messages_;
};

}  // namespace crosscall::core

#endif  // AGENT_CORE_SERVER_LOOP_H_
