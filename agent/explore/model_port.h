// The model port: a machine of up to six CPUs in one thread, each a fiber, whose every step is somebody else's choice.
// It models core::Port (agent/core/port.h); the explorer drives it (Restart, Choices, Take).
//
// Steps. A CPU runs until it comes to something that others can see or that an interrupt may precede: an access to a
// shared cell (locations.h), an internal lock, a doorbell, masking interrupts, a short section, the kick window, a
// fruitless look. There it parks. A choice lets it go on, or has it take an interrupt first.
//
// Steps that only bar others (taking an internal lock, barring own interrupts, masking them) or do nothing (a new look)
// may as well be made just before the access that follows: whatever other CPUs do in between they could do before. So
// that access is part of the same step. Source: R. Lipton, "Reduction: a method of proving properties of parallel
// programs", 1975 (right movers).
//
// Time does not exist: Now() is 0, `work` takes one step of nothing.
//
// When a CPU waits. After a fruitless look it parks until something that this look has read changes. A wait condition
// must be a predicate of what it reads: as long as that is the same, looking again is no step.
//
// What makes two states equal. A CPU's own state is a function of what it has observed since its program began, and so
// is that of a handler on its stack; a handler that has returned leaves only what it wrote. So the state is: for each
// CPU the fingerprints of what each context on its stack observed (a program's only since it began its present
// operation, and where that is), and what its handlers changed behind the back of
// what they interrupted; all memory; masks, latches and fault budgets. A fruitless look leaves its CPU as it was. A
// drain that a wait policy makes counts as a handler.
//
// Violations that the model sees itself end the execution at once: nothing after a data race or a dead object is worth
// a step.
//
// Thread safety: one thread; at most one port is current on it (MakeCurrent).
#ifndef AGENT_EXPLORE_MODEL_PORT_H_
#define AGENT_EXPLORE_MODEL_PORT_H_

#include <array>
#include <functional>
#include <vector>

#include "absl/types/span.h"
#include "agent/core/cpu_set.h"
#include "agent/core/port.h"
#include "agent/core/stage.h"
#include "agent/explore/choice.h"
#include "agent/explore/fiber.h"
#include "agent/explore/locations.h"
#include "agent/explore/model_cells.h"
#include "agent/explore/model_event.h"
#include "agent/explore/model_faults.h"
#include "agent/explore/model_memory.h"
#include "agent/explore/observations.h"
#include "agent/explore/step_races.h"
#include "agent/explore/weak_memory.h"
#include "agent/scenario/environment.h"

namespace crosscall::explore {

class ModelPort final : public CellAccess {
 public:
  template <class T>
  using Atomic = ModelAtomic<T>;
  template <class T>
  using Plain = ModelPlain<T>;
  using SpinLock = ModelLock;

  static constexpr CpuId kMaxCpus = WeakMemory::kMaxCpus;
  static constexpr u32 kMaxHandlers = core::kMaxFrames;  // on one CPU's stack; more is a violation

  static constexpr u64 kMaxAccesses = 100'000;  // in one step; more is a violation

  struct Options {
    u32 cpus = 2;
    u32 locks = 1;  // LockStates, the algorithm's own included
    core::IrqModel irq_model = core::IrqModel::kMaskAll;
    bool weak = true;          // else sequentially consistent, where plain fields are still checked for races
    bool reduced = true;       // false: every access is a step, every cell counts as shared
    bool ordered_ipis = true;  // false: breaks O2, the doorbell overtakes the stores before it (a known-broken twin)
    ModelFaults faults;
    usize block_bytes = 0;  // for the objects under test
  };
  // What the machine runs. Called on its CPUs.
  struct Handlers {
    std::function<void(CpuId)> program;
    std::function<void()> ipi;
    std::function<void(u32 index)> device;
  };

  explicit ModelPort(Options options);
  ~ModelPort();
  ModelPort(const ModelPort&) = delete;
  ModelPort& operator=(const ModelPort&) = delete;

  void MakeCurrent() { set_current(this); }
  // Zeroed, block_bytes long; the objects under test are built here, then Seal.
  char* block() const { return memory_.block(); }
  void Seal(Handlers handlers);

  // The explorer's side. Restart brings the machine to its first state; Choices are all steps of the present state, in
  // the order of CPUs; Take makes one of them.
  void Restart();
  void Choices(std::vector<Choice>& choices) const;
  void Take(Choice choice);
  // Takes them all, one after the other.
  void Follow(absl::Span<const Choice> schedule);
  // A stack of machines to return to, in the same pass (model_snapshot.cc). Only where fibers can be copied. Push keeps
  // the machine as it stands; Return brings the last one back that is kept; Pop drops it, which leaves the machine as
  // it is.
  void Push();
  void Return();
  void Pop();
  Fingerprint StatePrint() const;
  // All programs have ended and all CPUs idle.
  bool Idle() const;
  // Every CPU that has not ended its program waits for its own queued calls, and for nothing else.
  bool OnlySettling() const;
  ModelViolation violation() const { return violation_; }
  CpuId violator() const { return violator_; }
  u64 steps() const { return steps_; }        // ever
  u64 progress() const { return progress_; }  // operations begun, functions entered and left, calls returned; ever
  // Whether a wait policy was ever asked, in any execution: it is only with interrupts masked, at a wait or at a call's
  // entry. If not, all policies would have done the same.
  bool policy_asked() const { return policy_asked_; }
  // Whether this search must begin again: something about the memory was learned (locations.h).
  bool LookForNews();
  bool HasNews() const { return locations_.learned(); }
  // More shared cells than the weak memory model holds: what the search finds is no proof any more.
  bool overflowed() const { return overflowed_; }
  // Takes what was learned for the executions that follow.
  void Settle();
  // Blames changes of hidden words on single CPUs; slow, for the executions before a search.
  void set_watching(bool watching) { watching_ = watching; }
  void set_listener(std::function<void(const Event&)> listener) { listener_ = std::move(listener); }
  bool masked(CpuId cpu) const { return cpus_[cpu].masked; }
  bool latched(CpuId cpu) const { return cpus_[cpu].latch; }
  bool idle(CpuId cpu) const { return cpus_[cpu].parked.kind == Parking::kIdle; }
  const core::CpuState& state_of(CpuId cpu) const { return states_[cpu]; }
  const core::LockState& lock_state(u32 index) const { return locks_[index]; }

  // For the scenario's environment and its programs.
  void BeginOperation(const scenario::Position& position, bool program_ends);
  // The program has ended; `outcome` is all of it that counts from here on.
  void EndProgram(u64 outcome);

  // The contract.
  u32 cpu_count() const { return options_.cpus; }
  CpuId Me() const { return me_; }
  u32 Bar();
  void Unbar(u32 previous);
  bool IrqsMasked() const { return cpus_[me_].masked; }
  void MaskIrqs();
  void OpenIrqs();
  void Window();
  void SendIpis(const core::CpuSet& targets);
  void Ack();
  void BeginWait() { cpus_[me_].context().seen.BeginWait(); }
  void BeginLook() { cpus_[me_].context().seen.BeginLook(); }
  void Pause();
  bool AllocFails();
  void KickGap(const core::CpuSet& targets);
  void MutateMask(core::CpuSet& set);
  u64 Now() const { return 0; }
  core::CpuState& state() { return states_[me_]; }
  core::CpuState& state_of(CpuId cpu) { return states_[cpu]; }
  core::LockState& lock_state(u32 index) { return locks_[index]; }
  void StampStage(core::Stage stage, u64 call, CpuId peer, u32 detail);
  void StampAgain(core::Stage stage, u64 call, CpuId peer, u32 detail) { StampStage(stage, call, peer, detail); }
  // For a twin only: a barrier that orders stores and lets loads pass.
  void StoreBarrier();

  // The cells.
  void Born(u64* cell, CellKind kind) override;
  void Died(u64* cell) override;
  u64 Load(const u64* cell, core::Order order) override;
  void Store(u64* cell, u64 value, core::Order order) override;
  u64 Modify(u64* cell, Update update, u64 operand, u64 mask, core::Order order) override;
  bool CompareExchange(u64* cell, u64& expected, u64 desired, core::Order order) override;
  u64 Get(const u64* cell) override;
  void Set(u64* cell, u64 value) override;
  void Lock(u64* cell) override;
  void Unlock(u64* cell) override;

 private:
  enum class Parking : u8 { kAccess, kLock, kLook, kIdle, kMask, kBar, kDoorbell, kWindow, kKickGap, kHalted };
  struct Parked {
    Parking kind = Parking::kIdle;
    u32 location = ~u32{0};  // in weak memory (kAccess); ~0: not there
    Access access = {};
    const u64* cell = nullptr;  // kLock
  };
  // A program or a handler on a CPU's stack.
  struct Context {
    Observations seen;
    Fingerprint hidden;     // before it began
    u64 calls_started = 0;  // likewise
    bool is_poll = false;
    bool was_masked = false;
    bool publishing =
        false;  // between publish and kick, which are one step unless the fault kick_window says otherwise
  };
  // What of a CPU is copied as it stands.
  struct Registers {
    Fiber fiber;
    Parked parked;
    Choice choice;
    u32 depth = 0;  // handlers on the stack
    u32 barred = 0;
    // Since it last parked it has only done what commutes with all that other CPUs may do next.
    bool unseen = false;
    bool masked = false;
    bool latch = false;
    bool settling = false;  // the program's operations are all done
    u32 late_ipis = 0;      // delayed ones on their way
    u32 extra_ipis = 0;     // duplicates that may still come
    u32 ipis_sent = 0;      // to this CPU, if a fault counts them
    u32 allocs = 0;         // likewise
  };
  struct Cpu : Registers {
    std::array<Context, kMaxHandlers + 1> contexts;  // those up to `depth`
    // Was ever sent an IPI, or has devices. Learned, as what is known of cells: survives Restart.
    bool interrupted = false;
    bool seen_interrupted = false;
    Context& context() { return contexts[depth]; }
    const Context& context() const { return contexts[depth]; }
  };
  // A kept machine. Of its CPUs it holds those that had changed since the one before.
  struct Kept {
    struct KeptCpu {
      Registers registers;
      std::vector<Context> contexts;  // at least those up to `depth`
      std::vector<char> stack;
      core::CpuState state;
    };
    u32 changed = 0;  // bit c: CPU c
    std::array<KeptCpu, kMaxCpus> cpus;
    ModelMemory::Snapshot memory;
    WeakMemory::Snapshot weak;
    StepRaces races{0};
    std::vector<core::LockState> locks;
    std::vector<u64> device_budgets;
    Fingerprint cells;
  };
  void Keep(CpuId id, Kept::KeptCpu& kept) const;
  void BringBack(CpuId id, const Kept::KeptCpu& kept);
  void BeginStep();
  static void RunCpu(void* argument);
  void Body();
  void Park(const Parked& parked);
  void AwaitChoice(Cpu& cpu);
  void ParkIfInterruptible(Parking kind);
  [[noreturn]] void Halt(ModelViolation violation);
  void TakeInterrupt(Move move, u32 index);
  // A handler, or a poll, on top of what runs.
  void PushContext(u64 kind);
  void PopContext();
  bool Deliverable(const Cpu& cpu) const;
  bool LetsDeviceIn(const Cpu& cpu) const;
  bool MayBeInterrupted(const Cpu& cpu) const;
  u32 StepOutcomes(const Cpu& cpu) const;
  bool SawNews(const Cpu& cpu) const;
  void Ring(CpuId target);
  void Tell(EventKind kind, u32 detail = 0, u64 call = 0, CpuId peer = core::kNoCpu);

  Location& Touch(const u64* cell, CellKind kind, bool write);
  // Parks before an access if others can see it; the outcome that was chosen.
  u32 Await(const Location& location, const Access& access);
  // Parks before an access that only this CPU's own handlers can see.
  void AwaitOwn(const Location& location);
  void CheckAlive(u32 word);
  void Overwrite(u64* cell, u32 word, u64 value);
  // Writes a cell that is not in weak memory.
  void Replace(u64* cell, u32 word, u64 value);
  void ObserveRead(const Location& location, u64 value);
  bool InWeakMemory(const Location& location) const {
    return options_.weak && location.kind == CellKind::kAtomic && location.index != ~u32{0};
  }
  void Enroll(Location& location);
  // Knowledge is handed over there. Which numbers there are: see Enroll and LatchHandover.
  void Release(u32 handover);
  void Acquire(u32 handover);
  void TakeLatch();
  void RenewPlain(const Location& location);
  // Memory that is sequentially consistent: whoever reads a cell knows all that its writers knew.
  void Synchronize(const Location& location, bool reads, bool writes);
  void CheckPlain(Location& location, bool write);
  void Observe(u64 value) { cpus_[me_].context().seen.Note(value); }
  u32 LatchHandover(CpuId cpu) const { return cpu; }

  const Options options_;
  ModelMemory memory_;
  Locations locations_;
  WeakMemory weak_;               // unused if memory is sequentially consistent
  StepRaces races_;               // used only then
  std::vector<u64> weak_values_;  // initial, by location in weak memory
  u32 handovers_ = 0;             // of locks; of atomics, if memory is sequentially consistent
  Handlers handlers_;
  std::function<void(const Event&)> listener_;
  std::array<Cpu, kMaxCpus> cpus_;
  std::vector<core::CpuState> states_;
  std::vector<core::LockState> locks_;
  std::vector<u64> device_budgets_;
  Fingerprint cells_;             // sum over all cells that are not in weak memory
  Fingerprint first_cells_;       // at Seal
  const Choice* next_ = nullptr;  // of the schedule being followed
  const Choice* last_ = nullptr;
  CpuId me_ = 0;
  bool running_ = false;
  bool watching_ = false;
  bool overflowed_ = false;
  bool policy_asked_ = false;
  ModelViolation violation_ = ModelViolation::kNone;
  CpuId violator_ = 0;
  std::vector<Kept> kept_;  // the first kept_count_ of them; the others keep their memory for the next
  usize kept_count_ = 0;
  u32 changed_ = 0;   // bit c: CPU c has changed since the last Push or Return
  u64 accesses_ = 0;  // in the step at hand
  u64 steps_ = 0;
  u64 progress_ = 0;
};

static_assert(core::Port<ModelPort>);

}  // namespace crosscall::explore

#endif  // AGENT_EXPLORE_MODEL_PORT_H_
