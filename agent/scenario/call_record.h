// The argument records of calls: what a caller hands to the called function, and what the function leaves for its
// caller.
//
// How a wrong value is seen. Each use of a record has a sequence number. The caller writes sequence, operation and a
// seal over both before the call; the function recomputes the seal, runs, and leaves an answer to that sequence in the
// cell of its CPU; a waiting caller compares all answers. These fields are Plain: only the implementation under test
// orders them (O1, O4 for the argument, O5, O6 for the answers), so a missing barrier shows as a wrong value.
//
// Thread safety
//   CallRecord   argument fields: written by the caller while no call uses the record, read by called functions.
//                cells[c]: written by functions on CPU c, read by the caller after a waiting call or once `done`.
//   AsyncSlot    the caller's CPU posts; the target may still be running the previous function while it does (async
//                records are free before the function starts), so all shared fields are atomic.
#ifndef AGENT_SCENARIO_CALL_RECORD_H_
#define AGENT_SCENARIO_CALL_RECORD_H_

#include "agent/core/cpu_set.h"
#include "agent/core/port.h"
#include "agent/core/stage.h"
#include "agent/scenario/ops.h"

namespace crosscall::scenario {

// Calls, and functions, that may lie on one CPU's stack at once.
inline constexpr core::u32 kMaxNesting = core::kMaxFrames;

// A word that a record of another use, another operation or another caller would not carry. The multiplier is 2^64 over
// the golden ratio: neighbouring sequence numbers differ in many bits.
constexpr core::u64 Seal(core::u64 sequence, core::u64 op, core::CpuId caller) {
  return (sequence + 1) * 0x9e3779b97f4a7c15u ^ (op << 32) ^ caller;
}
// What a function leaves for its caller. Never 0, the value of a fresh cell.
constexpr core::u64 Answer(core::u64 sequence) { return ~sequence; }

template <core::Port P>
struct AnswerCell {
  typename P::template Plain<core::u64> answer = {};
  typename P::template Atomic<core::u64> done = {};  // nowait calls only: sequence number of the last finished use
};

template <core::Port P>
struct alignas(core::kCacheLine) CallRecord {
  typename P::template Plain<core::u64> sequence = {};
  typename P::template Plain<core::u64> op = {};  // index of the operation that calls
  typename P::template Plain<core::u64> seal = {};
  typename P::template Atomic<core::u32> spoiled = {};  // a violation was seen: nobody need wait for `done` any more
  core::CpuId caller = core::kNoCpu;
  void* owner = nullptr;           // the interpreter
  AnswerCell<P>* cells = nullptr;  // one a CPU

  // The next use of the record. Returns its sequence number.
  core::u64 Arm(core::u32 op_index) {
    const core::u64 next = sequence.get() + 1;
    sequence.set(next);
    op.set(op_index);
    seal.set(Seal(next, op_index, caller));
    return next;
  }
};

// A record of a nowait call, and what is still awaited of it. All but the record itself belongs to the caller's CPU.
template <core::Port P>
struct NowaitSlot {
  enum State : core::u64 { kFree = 0, kIssuing = 1, kInFlight = 2 };

  CallRecord<P> record;
  core::u64 state = kFree;                 // Peek and Poke: handlers of the same CPU look at it
  core::u64 sequence = 0;                  // of this use
  core::CpuId only_target = core::kNoCpu;  // or, if kNoCpu, all of `targets`
  core::CpuSet targets;

  bool Finished() const {
    // Acquire: pairs with the release of `done` after the function's last access, so that the record may be re-used.
    if (only_target != core::kNoCpu) return FinishedOn(only_target);
    for (const core::CpuId cpu : core::Each(targets)) {
      if (!FinishedOn(cpu)) return false;
    }
    return true;
  }
  void AddUnfinished(core::CpuSet& cpus) const {
    if (only_target != core::kNoCpu) {
      if (!FinishedOn(only_target)) cpus.Add(only_target);
      return;
    }
    for (const core::CpuId cpu : core::Each(targets)) {
      if (!FinishedOn(cpu)) cpus.Add(cpu);
    }
  }

 private:
  bool FinishedOn(core::CpuId cpu) const {
    // Relaxed: `spoiled` only ends a wait whose outcome is known to be bad.
    return record.cells[cpu].done.load(core::Order::kAcquire) == sequence ||
           record.spoiled.load(core::Order::kRelaxed) != 0;
  }
};

}  // namespace crosscall::scenario

#endif  // AGENT_SCENARIO_CALL_RECORD_H_
