// Cross-calls of a scenario over the API family of core, each with an argument whose way there and back is checked
// (call_record.h says how). Header-only, no library header, no allocation; all memory is carved from one block.
//
// Rules
// - A waiting call is checked when it returns: every named CPU must have answered, except those whose program leaves
// the
//   set of callable CPUs, which may have been skipped.
// - A nowait call takes a record of the CPU's ring and gives it back once every target has finished. A call to several
//   CPUs of which one may be offline is queued behind the gate (online_gate.h), so that it is known whom it reached.
// - An async call has one record for each operation and CPU. Busy, also when a handler finds its own CPU inside the
// same
//   operation, is counted; nothing is queued.
// Thread safety: each CPU calls the members for itself, also from handlers, which nest.
#ifndef AGENT_SCENARIO_CHECKED_CALLS_H_
#define AGENT_SCENARIO_CHECKED_CALLS_H_

#include "agent/core/arena.h"
#include "agent/core/calls.h"
#include "agent/core/port.h"
#include "agent/core/section.h"
#include "agent/scenario/call_record.h"
#include "agent/scenario/nowait_ring.h"
#include "agent/scenario/online_gate.h"
#include "agent/scenario/ops.h"
#include "agent/scenario/violation.h"

namespace crosscall::scenario {

template <class C>
class CheckedCalls {
 public:
  using P = typename C::PortType;
  // Runs the body of `function` on this CPU, for a call or a device interrupt.
  using Runner = void (*)(void* owner, core::u32 function, core::CpuId me);

  static core::usize BytesNeeded(const ScenarioView& view) {
    const Sizes sizes(view);
    return core::Arena::BytesFor<Cpu>(sizes.cpus) + core::Arena::BytesFor<CallRecord<P>>(sizes.waits) +
           core::Arena::BytesFor<NowaitSlot<P>>(sizes.slots) + core::Arena::BytesFor<Async>(sizes.asyncs) +
           core::Arena::BytesFor<AnswerCell<P>>(sizes.cells);
  }

  // `arena` has room for BytesNeeded(view).
  CheckedCalls(C& calls, P& port, const ScenarioView& view, Runner runner, void* owner, core::Arena& arena)
      : calls_(calls), port_(port), view_(view), runner_(runner), owner_(owner) {
    const Sizes sizes(view);
    cpus_ = arena.Make<Cpu>(sizes.cpus);
    waits_ = arena.Make<CallRecord<P>>(sizes.waits);
    slots_ = arena.Make<NowaitSlot<P>>(sizes.slots);
    asyncs_ = arena.Make<Async>(sizes.asyncs);
    cells_ = arena.Make<AnswerCell<P>>(sizes.cells);
    Connect(sizes);
  }
  CheckedCalls(const CheckedCalls&) = delete;
  CheckedCalls& operator=(const CheckedCalls&) = delete;

  // Carries out the call operation at `op_index`.
  core::Result Call(core::u32 op_index, core::CpuId me, RoundCounts& counts) {
    const Op& op = view_.ops[op_index];
    counts.calls += 1;
    core::Result result;
    if (op.kind == OpKind::kCallAsync) {
      result = CallAsync(op_index, me);
      if (result == core::Result::kBusy) counts.busy += 1;
    } else {
      result = op.wait != 0 ? CallWaiting(op_index, me) : CallNowait(op_index, me);
      if (result == core::Result::kBusy) counts.refused += 1;
    }
    if (result == core::Result::kNoCpu) counts.unreachable += 1;
    if (result == core::Result::kNoMemory || result == core::Result::kWouldDeadlock) counts.refused += 1;
    return result;
  }

  // Waits until the nowait calls of this CPU have finished.
  void WaitAll(core::CpuId me) {
    const NowaitRing<P>& ring = cpus_[me].ring;
    core::u64 cursor = ring.Begin();
    core::CpuSet unfinished;  // after a fruitless look
    calls_.WaitUntil(
        core::Site::kCompletion,
        [&] {
          if (ring.FinishedSince(cursor)) return true;
          unfinished = ring.Unfinished(cursor);
          return false;
        },
        &unfinished);
  }

  // WaitAll, and the async calls too: nothing of this CPU runs anywhere afterwards.
  void Settle(core::CpuId me) {
    WaitAll(me);
    for (core::u32 i = 0; i < view_.async_slots; ++i) {
      const Async& async = asyncs_[me * view_.async_slots + i];
      const core::u64 accepted = core::Peek(async.accepted);
      // Acquire: what the function did is seen by whatever this CPU does next.
      const auto finished = [&] { return async.done.load(core::Order::kAcquire) >= accepted; };
      if (accepted == 0) continue;
      const core::CpuSet target = core::CpuSet::Of(SingleTarget(view_.ops[async.op_index], me));
      calls_.WaitUntil(core::Site::kCompletion, finished, &target);
    }
  }

  void GoOffline(core::CpuId me) {
    gate_.Change(port_, cpus_[me].changing_online, [&] { calls_.GoOffline(); });
  }
  void GoOnline(core::CpuId me) {
    gate_.Change(port_, cpus_[me].changing_online, [&] { calls_.GoOnline(); });
  }

  void Violate(ViolationKind kind, core::CpuId caller, core::u64 op_index, core::u64 sequence) {
    const core::CpuId me = port_.Me();
    ViolationReport& report = cpus_[me].violations;
    const core::Barred barred(port_);  // handlers of this CPU report too
    if (report.count == 0) {
      report.kind = kind;
      report.cpu = me;
      report.caller = caller;
      report.line = op_index < view_.op_count ? view_.ops[op_index].line : 0;
      report.sequence = sequence;
    }
    core::Poke(report.count, core::Peek(report.count) + 1);
  }
  // Of one CPU; exact when that CPU is at rest.
  const ViolationReport& violations(core::CpuId cpu) const { return cpus_[cpu].violations; }

 private:
  struct alignas(core::kCacheLine) Cpu {
    core::u64 depth = 0;            // waiting calls on this CPU's stack
    core::u64 changing_online = 0;  // this CPU is entering or leaving the set of callable CPUs
    NowaitRing<P> ring;
    ViolationReport violations;
  };
  struct alignas(core::kCacheLine) Async {
    core::AsyncRecord<P> record;
    typename P::template Atomic<core::u64> posted = {};  // calls accepted, and the one being tried
    typename P::template Atomic<core::u64> started = {};
    typename P::template Atomic<core::u64> done = {};
    core::u64 accepted = 0;  // the caller's CPU only, as is `in_use`
    core::u64 in_use = 0;
    core::u64 op_index = 0;
    core::CpuId caller = core::kNoCpu;
    CheckedCalls* owner = nullptr;
  };

  struct Sizes {
    explicit Sizes(const ScenarioView& view)
        : cpus(view.cpu_count),
          waits(cpus * kMaxNesting),
          slots(cpus * view.nowait_slots),
          asyncs(cpus * view.async_slots),
          cells((waits + slots) * cpus) {}
    core::usize cpus;
    core::usize waits;
    core::usize slots;
    core::usize asyncs;
    core::usize cells;
  };

  void Connect(const Sizes& sizes) {
    for (core::usize i = 0; i < sizes.waits; ++i) Adopt(waits_[i], i / kMaxNesting, cells_ + i * sizes.cpus);
    for (core::usize i = 0; i < sizes.slots; ++i) {
      Adopt(slots_[i].record, i / view_.nowait_slots, cells_ + (sizes.waits + i) * sizes.cpus);
    }
    for (core::usize cpu = 0; cpu < sizes.cpus; ++cpu) {
      cpus_[cpu].ring.Attach(slots_ + cpu * view_.nowait_slots, view_.nowait_slots);
    }
    for (core::u32 i = 0; i < view_.op_count; ++i) {
      if (view_.ops[i].kind != OpKind::kCallAsync) continue;
      for (core::CpuId cpu = 0; cpu < view_.cpu_count; ++cpu) ConnectAsync(i, cpu);
    }
  }
  void ConnectAsync(core::u32 op_index, core::CpuId cpu) {
    Async& async = asyncs_[cpu * view_.async_slots + view_.ops[op_index].value];
    async.owner = this;
    async.caller = cpu;
    async.op_index = op_index;
    async.record.function = &RunAsync;
    async.record.argument = &async;
  }
  void Adopt(CallRecord<P>& record, core::usize caller, AnswerCell<P>* cells) {
    record.caller = static_cast<core::CpuId>(caller);
    record.owner = this;
    record.cells = cells;
  }

  // --- The caller's side.

  core::CpuId SingleTarget(const Op& op, core::CpuId me) const { return op.form == TargetForm::kSelf ? me : op.index; }

  bool Named(const Op& op, core::CpuId caller, core::CpuId cpu) const {
    if (cpu >= view_.cpu_count) return false;
    if (op.kind == OpKind::kCallSingle || op.kind == OpKind::kCallAsync) return cpu == SingleTarget(op, caller);
    if (op.kind == OpKind::kCallMany && cpu == caller) return false;  // call_many never runs locally
    if (op.form == TargetForm::kFixed) return view_.sets[op.index].Has(cpu);
    return (cpu == caller) == (op.form == TargetForm::kSelf);
  }

  core::CpuSet SetOf(const Op& op, core::CpuId me) const {
    if (op.form == TargetForm::kFixed) return view_.sets[op.index];
    if (op.form == TargetForm::kSelf) return core::CpuSet::Of(me);
    core::CpuSet others = core::CpuSet::First(view_.cpu_count);
    others.Remove(me);
    return others;
  }

  core::Result Issue(const Op& op, core::CpuId me, CallRecord<P>& record) {
    const bool wait = op.wait != 0;
    if (op.kind == OpKind::kCallSingle) return calls_.CallSingle(SingleTarget(op, me), &RunCalled, &record, wait);
    const bool fixed = op.form == TargetForm::kFixed;
    if (op.kind == OpKind::kCallMany) {
      return fixed ? calls_.CallMany(view_.sets[op.index], &RunCalled, &record, wait)
                   : calls_.CallMany(SetOf(op, me), &RunCalled, &record, wait);
    }
    return fixed ? calls_.OnEachMask(view_.sets[op.index], &RunCalled, &record, wait)
                 : calls_.OnEachMask(SetOf(op, me), &RunCalled, &record, wait);
  }

  core::Result CallWaiting(core::u32 op_index, core::CpuId me) {
    Cpu& cpu = cpus_[me];
    const core::u64 depth = core::Peek(cpu.depth);
    if (depth == kMaxNesting) {
      Violate(ViolationKind::kNesting, me, op_index, 0);
      return core::Result::kOk;
    }
    // A handler that comes between these two lines takes the same record, and is through with it before we go on.
    core::Poke(cpu.depth, depth + 1);
    const Op& op = view_.ops[op_index];
    CallRecord<P>& record = waits_[me * kMaxNesting + depth];
    const core::u64 sequence = record.Arm(op_index);
    const core::Result result = Issue(op, me, record);
    if (result == core::Result::kOk && !Answered(op, me, record, sequence)) {
      Violate(ViolationKind::kLostRun, me, op_index, sequence);
    }
    core::Poke(cpu.depth, depth);
    return result;
  }

  bool Answered(const Op& op, core::CpuId me, const CallRecord<P>& record, core::u64 sequence) const {
    const core::u64 answer = Answer(sequence);
    if (op.kind == OpKind::kCallSingle) return record.cells[SingleTarget(op, me)].answer.get() == answer;
    for (core::CpuId cpu = 0; cpu < view_.cpu_count; ++cpu) {
      if (!Named(op, me, cpu) || !view_.steady.Has(cpu)) continue;
      if (record.cells[cpu].answer.get() != answer) return false;
    }
    return true;
  }

  core::Result CallNowait(core::u32 op_index, core::CpuId me) {
    const Op& op = view_.ops[op_index];
    NowaitRing<P>& ring = cpus_[me].ring;
    NowaitSlot<P>* slot = ring.TryTake(port_);
    if (slot == nullptr) {
      calls_.WaitUntil(core::Site::kClaim, [&] { return (slot = ring.TryTake(port_)) != nullptr; });
    }
    if (slot == nullptr) return core::Result::kBusy;  // the policy refuses to wait for a record
    slot->sequence = slot->record.Arm(op_index);
    // Relaxed: no target uses the record now, and the call orders the rest.
    slot->record.spoiled.store(0, core::Order::kRelaxed);
    core::Result result = core::Result::kOk;
    if (op.kind == OpKind::kCallSingle) {
      slot->only_target = SingleTarget(op, me);
      result = Issue(op, me, slot->record);
    } else {
      slot->only_target = core::kNoCpu;
      slot->targets = SetOf(op, me);
      if (op.kind == OpKind::kCallMany) slot->targets.Remove(me);
      if (op.transient == 0) {
        result = Issue(op, me, slot->record);
      } else {
        gate_.Hold(port_, cpus_[me].changing_online, [&] {
          core::CpuSet online = calls_.Online();
          online.Add(me);  // the local part of run_on needs no IPI
          slot->targets &= online;
          result = Issue(op, me, slot->record);
        });
      }
    }
    const bool queued = result == core::Result::kOk;
    core::Poke(slot->state, queued ? NowaitSlot<P>::kInFlight : NowaitSlot<P>::kFree);
    return result;
  }

  core::Result CallAsync(core::u32 op_index, core::CpuId me) {
    const Op& op = view_.ops[op_index];
    Async& async = asyncs_[me * view_.async_slots + op.value];
    if (core::Peek(async.in_use) != 0) return core::Result::kBusy;  // this CPU was interrupted in this very operation
    core::Poke(async.in_use, 1);
    const core::u64 accepted = core::Peek(async.accepted);
    // Relaxed: the call publishes it. If it is refused, a function still running saw the higher number for a moment,
    // which only weakens its check.
    async.posted.store(accepted + 1, core::Order::kRelaxed);
    const core::Result result = calls_.CallAsync(SingleTarget(op, me), async.record);
    if (result == core::Result::kOk) {
      core::Poke(async.accepted, accepted + 1);
    } else {
      async.posted.store(accepted, core::Order::kRelaxed);
    }
    core::Poke(async.in_use, 0);
    return result;
  }

  // --- The called side.

  static void RunCalled(void* argument) {
    auto& record = *static_cast<CallRecord<P>*>(argument);
    static_cast<CheckedCalls*>(record.owner)->Serve(record);
  }

  void Serve(CallRecord<P>& record) {
    const core::CpuId me = port_.Me();
    const core::u64 sequence = record.sequence.get();
    const core::u64 op_index = record.op.get();
    if (op_index >= view_.op_count || record.seal.get() != Seal(sequence, op_index, record.caller)) {
      return Spoil(record, ViolationKind::kWrongArgument, op_index, sequence);
    }
    const Op& op = view_.ops[op_index];
    AnswerCell<P>& cell = record.cells[me];
    if (!Named(op, record.caller, me)) return Spoil(record, ViolationKind::kWrongCpu, op_index, sequence);
    if (cell.answer.get() == Answer(sequence)) return Spoil(record, ViolationKind::kDoubleRun, op_index, sequence);
    if (!port_.IrqsMasked()) Violate(ViolationKind::kIrqsOpen, record.caller, op_index, sequence);
    if (op.function != kNoopFunction) runner_(owner_, op.function, me);
    if (record.sequence.get() != sequence) {
      return Spoil(record, ViolationKind::kArgumentChanged, op_index, sequence);
    }
    cell.answer.set(Answer(sequence));
    // Release: after the last access to the record, which the caller may re-use from here.
    if (op.wait == 0) cell.done.store(sequence, core::Order::kRelease);
  }

  // Reports, and lets go whoever would wait for an answer that never comes: a violation is not a hang.
  void Spoil(CallRecord<P>& record, ViolationKind kind, core::u64 op_index, core::u64 sequence) {
    Violate(kind, record.caller, op_index, sequence);
    // Relaxed: ends a wait, carries no data.
    record.spoiled.store(1, core::Order::kRelaxed);
  }

  static void RunAsync(void* argument) {
    auto& async = *static_cast<Async*>(argument);
    async.owner->ServeAsync(async);
  }

  void ServeAsync(Async& async) {
    const core::CpuId me = port_.Me();
    const Op& op = view_.ops[async.op_index];
    // Relaxed: the algorithm must have ordered the caller's store before this load; if it did not, the value is stale.
    const core::u64 run = async.started.fetch_add(1, core::Order::kRelaxed) + 1;
    const core::u64 posted = async.posted.load(core::Order::kRelaxed);
    if (run > posted) Violate(ViolationKind::kDoubleRun, async.caller, async.op_index, run);
    if (!Named(op, async.caller, me)) Violate(ViolationKind::kWrongCpu, async.caller, async.op_index, run);
    if (!port_.IrqsMasked()) Violate(ViolationKind::kIrqsOpen, async.caller, async.op_index, run);
    if (op.function != kNoopFunction) runner_(owner_, op.function, me);
    // Release: pairs with the acquire in Settle.
    async.done.fetch_add(1, core::Order::kRelease);
  }

  C& calls_;
  P& port_;
  const ScenarioView view_;
  const Runner runner_;
  void* const owner_;
  Cpu* cpus_ = nullptr;
  CallRecord<P>* waits_ = nullptr;
  NowaitSlot<P>* slots_ = nullptr;
  Async* asyncs_ = nullptr;
  AnswerCell<P>* cells_ = nullptr;
  OnlineGate<P> gate_;
};

}  // namespace crosscall::scenario

#endif  // AGENT_SCENARIO_CHECKED_CALLS_H_
