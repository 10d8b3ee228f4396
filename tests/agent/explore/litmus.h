// Litmus programs on WeakMemory: a few accesses a thread, all interleavings, all outcomes.
//
// Every program is run twice, once along all paths and once with equal states (by their fingerprint) visited only once.
// Both must see the same: what the canonical form of a state leaves out must bear on nothing.
#ifndef TESTS_AGENT_EXPLORE_LITMUS_H_
#define TESTS_AGENT_EXPLORE_LITMUS_H_

#include <set>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "agent/explore/weak_memory.h"

namespace crosscall::explore::litmus {

using core::Order;

struct Instruction {
  enum class Kind : u8 {
    kLoad,             // of the atomic `place`
    kStore,            // of `value`
    kAdd,              // fetch_add of `value`
    kCompareExchange,  // from `expected` to `value`
    kFullFence,
    kStoreBarrier,
    kReadPlain,   // of the field `place`
    kWritePlain,  // likewise
    kRelease,     // of the handover `place`
    kAcquire,
    kIfRead,  // the thread ends here unless its last load returned `value`
  };
  Kind kind;
  u32 place = 0;
  Order order = Order::kRelaxed;
  u64 value = 0;
  u64 expected = 0;
};
using Thread = std::vector<Instruction>;
using Program = std::vector<Thread>;

inline Instruction Load(u32 atomic, Order order) { return {Instruction::Kind::kLoad, atomic, order}; }
inline Instruction Store(u32 atomic, u64 value, Order order) {
  return {Instruction::Kind::kStore, atomic, order, value};
}
inline Instruction Add(u32 atomic, u64 value, Order order) { return {Instruction::Kind::kAdd, atomic, order, value}; }
inline Instruction CompareExchange(u32 atomic, u64 expected, u64 desired, Order order) {
  return {Instruction::Kind::kCompareExchange, atomic, order, desired, expected};
}
inline Instruction FullFence() { return {Instruction::Kind::kFullFence}; }
inline Instruction StoreBarrier() { return {Instruction::Kind::kStoreBarrier}; }
inline Instruction ReadPlain(u32 plain) { return {Instruction::Kind::kReadPlain, plain}; }
inline Instruction WritePlain(u32 plain) { return {Instruction::Kind::kWritePlain, plain}; }
inline Instruction Release(u32 handover) { return {Instruction::Kind::kRelease, handover}; }
inline Instruction Acquire(u32 handover) { return {Instruction::Kind::kAcquire, handover}; }
inline Instruction IfRead(u64 value) { return {Instruction::Kind::kIfRead, 0, Order::kRelaxed, value}; }

using Values = std::vector<u64>;

struct Seen {
  std::set<Values> reads;  // what loads and updates returned, thread after thread
  std::set<Values> ends;   // the last value of each atomic's modification order
  bool races = false;      // in some execution

  bool operator==(const Seen&) const = default;
};

class Machine {
 public:
  // All atomics start with 0.
  Machine(u32 atomics, u32 plains, Program program)
      : program_(std::move(program)), memory_(static_cast<u32>(program_.size())), atomics_(atomics) {
    for (u32 i = 0; i < atomics; ++i) memory_.AddAtomic(0);
    for (u32 i = 0; i < plains; ++i) memory_.AddPlain();
    memory_.Reset(std::vector<u64>(atomics, 0));
  }

  Seen Run(bool merge_equal_states) {
    seen_ = {};
    visited_.clear();
    merge_ = merge_equal_states;
    Go(State{memory_, std::vector<usize>(program_.size(), 0), std::vector<Values>(program_.size())});
    return seen_;
  }
  // In all runs.
  u64 visits() const { return visits_; }

 private:
  struct State {
    WeakMemory memory;
    std::vector<usize> at;
    std::vector<Values> reads;  // by thread
  };
  struct Hash {
    usize operator()(const Fingerprint& print) const { return print.low; }
  };

  void Go(const State& state) {
    ++visits_;
    if (merge_ && !visited_.insert(PrintOf(state)).second) return;
    bool ended = true;
    for (CpuId me = 0; me < program_.size(); ++me) {
      if (state.at[me] >= program_[me].size()) continue;
      ended = false;
      const u32 outcomes = Outcomes(state.memory, me, program_[me][state.at[me]]);
      for (u32 outcome = 0; outcome < outcomes; ++outcome) {
        State next = state;
        if (Step(next, me, outcome)) {
          Go(next);
        } else {
          seen_.races = true;  // nothing after a race has a meaning
        }
      }
    }
    if (ended) Note(state);
  }

  static Fingerprint PrintOf(const State& state) {
    Fingerprint print;
    state.memory.AddTo(print);
    for (usize i = 0; i < state.at.size(); ++i) {
      print.Mix(state.at[i]);
      for (const u64 value : state.reads[i]) print.Mix(value);
    }
    return print;
  }

  static Access AccessOf(const Instruction& instruction) {
    switch (instruction.kind) {
      case Instruction::Kind::kStore:
        return {AccessKind::kStore, instruction.order, 0};
      case Instruction::Kind::kAdd:
        return {AccessKind::kReadModifyWrite, instruction.order, 0};
      case Instruction::Kind::kCompareExchange:
        return {AccessKind::kCompareExchange, instruction.order, instruction.expected};
      default:
        return {AccessKind::kLoad, instruction.order, 0};
    }
  }
  static u32 Outcomes(const WeakMemory& memory, CpuId me, const Instruction& instruction) {
    return instruction.kind <= Instruction::Kind::kCompareExchange
               ? memory.Outcomes(me, instruction.place, AccessOf(instruction))
               : 1;
  }

  // False: a data race.
  bool Step(State& state, CpuId me, u32 outcome) const {
    const Instruction& instruction = program_[me][state.at[me]++];
    WeakMemory& memory = state.memory;
    const u32 place = instruction.place;
    switch (instruction.kind) {
      case Instruction::Kind::kLoad:
        state.reads[me].push_back(memory.Load(me, place, instruction.order, outcome));
        break;
      case Instruction::Kind::kStore:
        memory.Store(me, place, instruction.value, instruction.order, outcome);
        break;
      case Instruction::Kind::kAdd:
        state.reads[me].push_back(memory.BeginUpdate(me, place, AccessOf(instruction), outcome));
        memory.FinishUpdate(me, place, state.reads[me].back() + instruction.value, instruction.order);
        break;
      case Instruction::Kind::kCompareExchange:
        state.reads[me].push_back(memory.BeginUpdate(me, place, AccessOf(instruction), outcome));
        if (state.reads[me].back() == instruction.expected) {
          memory.FinishUpdate(me, place, instruction.value, instruction.order);
        } else {
          memory.FailUpdate(me, place, instruction.order);
        }
        break;
      case Instruction::Kind::kFullFence:
        memory.FullFence(me);
        break;
      case Instruction::Kind::kStoreBarrier:
        memory.StoreBarrier(me);
        break;
      case Instruction::Kind::kReadPlain:
        return memory.ReadPlain(me, place);
      case Instruction::Kind::kWritePlain:
        return memory.WritePlain(me, place);
      case Instruction::Kind::kRelease:
        memory.Release(me, place);
        break;
      case Instruction::Kind::kAcquire:
        memory.Acquire(me, place);
        break;
      case Instruction::Kind::kIfRead:
        if (state.reads[me].empty() || state.reads[me].back() != instruction.value) {
          state.at[me] = program_[me].size();
        }
        break;
    }
    return true;
  }

  void Note(const State& state) {
    Values reads;
    for (const Values& mine : state.reads) reads.insert(reads.end(), mine.begin(), mine.end());
    seen_.reads.insert(std::move(reads));
    WeakMemory memory = state.memory;
    Values ends;
    for (u32 i = 0; i < atomics_; ++i) ends.push_back(memory.Load(0, i, Order::kRelaxed, 0));  // outcome 0: the last
    seen_.ends.insert(std::move(ends));
  }

  const Program program_;
  WeakMemory memory_;
  const u32 atomics_;
  bool merge_ = false;
  Seen seen_;
  absl::flat_hash_set<Fingerprint, Hash> visited_;
  u64 visits_ = 0;
};

}  // namespace crosscall::explore::litmus

#endif  // TESTS_AGENT_EXPLORE_LITMUS_H_
