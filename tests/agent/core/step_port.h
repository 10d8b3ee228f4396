// A port for tests: one thread, each CPU a coroutine, and a seeded scheduler that decides who goes next at every access
// to shared memory. The same seed gives the same execution, and a state in which no CPU can move is seen as such.
//
// What a step is: an access to an Atomic, a SpinLock, a doorbell, a change of the mask, a fruitless look (Pause). At
// each the running CPU may take an interrupt that is let in, and may lose its turn. Memory is sequentially consistent.
//
// How a deadlock is seen: the port keeps a fingerprint of all shared state (atomics, locks, latches, masks), equal
// whenever the state is equal. A CPU whose look was fruitless and began and ended in the same fingerprint is stalled
// until the fingerprint changes or an interrupt that it lets in arrives. If every CPU whose program has not ended is
// stalled, nobody will ever move.
//
// Conditions that a program waits for must therefore depend on Atomics of this port only.
#ifndef TESTS_AGENT_CORE_STEP_PORT_H_
#define TESTS_AGENT_CORE_STEP_PORT_H_

#include <ucontext.h>

#include <functional>
#include <memory>
#include <random>
#include <vector>

#include "agent/core/cpu_set.h"
#include "agent/core/port.h"
#include "agent/core/stage.h"
#include "agent/core/types.h"

namespace crosscall::core {

class StepPort {
 public:
  struct Options {
    u32 cpus = 2;
    u32 locks = 2;  // LockStates, the algorithm's own included
    IrqModel irq_model = IrqModel::kMaskAll;
    u64 seed = 1;
    u64 max_steps = 20'000'000;
    bool keep_stamps = false;
    // Faults and disturbances.
    bool duplicate_ipis = false;  // doorbells ring twice, and out of the blue, at random
    u32 fail_allocs_every = 0;    // every nth allocation fails; 0: none
    bool deschedules = false;     // CPUs stand still for a while, at random, wherever they are
    u32 devices_per_cpu = 0;      // device interrupts taken by each CPU at most
  };
  enum class Outcome { kFinished, kDeadlock, kStepLimit };

  template <class T>
  class Atomic;
  template <class T>
  class Plain {
   public:
    T get() const { return value_; }
    void set(T value) { value_ = value; }

   private:
    T value_ = {};
  };
  class SpinLock {
   public:
    void lock();
    void unlock();

   private:
    bool held_ = false;
  };

  explicit StepPort(const Options& options);
  ~StepPort();
  StepPort(const StepPort&) = delete;
  StepPort& operator=(const StepPort&) = delete;

  void SetHandlers(void (*on_ipi)(void*), void (*on_device)(void*), void* context);
  // Runs body(cpu) on every CPU until all have returned and no interrupt is left to take, or none can move. Once.
  Outcome Run(const std::function<void(CpuId)>& body);

  u64 steps() const { return steps_; }
  const std::vector<Stamp>& stamps() const { return stamps_; }  // of all CPUs, in the order of their making
  const CpuState& cpu_state(CpuId cpu) const { return states_[cpu]; }
  bool masked(CpuId cpu) const { return cpus_[cpu].masked; }
  bool finished(CpuId cpu) const { return cpus_[cpu].finished; }

  // The port contract.
  u32 cpu_count() const { return options_.cpus; }
  CpuId Me() const { return me_; }
  u32 Bar();
  void Unbar(u32 previous);
  bool IrqsMasked() const { return cpus_[me_].masked; }
  void MaskIrqs();
  void OpenIrqs();
  void Window();
  void SendIpis(const CpuSet& targets);
  void Ack();
  void BeginWait() {}
  void BeginLook() {}
  void Pause();
  bool AllocFails();
  void KickGap(const CpuSet&) { Step(); }
  void MutateMask(CpuSet&) {}
  u64 Now() const { return steps_; }
  CpuState& state() { return states_[me_]; }
  CpuState& state_of(CpuId cpu) { return states_[cpu]; }
  LockState& lock_state(u32 index) { return locks_[index]; }
  void StampStage(Stage stage, u64 call, CpuId peer, u32 detail);
  void StampAgain(Stage stage, u64 call, CpuId peer, u32 detail) { StampStage(stage, call, peer, detail); }

 private:
  struct Cpu {
    ucontext_t context;
    std::unique_ptr<char[]> stack;
    void* fake_stack = nullptr;  // AddressSanitizer's
    u32 barred = 0;
    bool masked = false;
    bool latch = false;
    bool echo = false;  // the next Ack finds the latch set again
    bool finished = false;
    bool idle = false;  // finished, and in no handler
    bool stalled = false;
    u64 stalled_in = 0;  // fingerprint
    u64 look_began = 0;  // fingerprint
    u64 away_until = 0;  // step before which others go first
    u32 devices_left = 0;
  };

  // The port whose Run is on this thread; atomics reach it by this.
  static StepPort* current_;
  static void Trampoline();

  static u64 Mix(const void* address, u64 value);
  void Changed(const void* address, u64 before, u64 after) {
    fingerprint_ ^= Mix(address, before) ^ Mix(address, after);
  }
  void SetMasked(Cpu& cpu, bool masked);
  void SetLatch(Cpu& cpu, bool latch);

  [[gnu::noinline]] void Prepare(Cpu& cpu);
  void Step();
  bool LetsIn(const Cpu& cpu) const;
  bool Runnable(const Cpu& cpu) const;
  void TakeIpi();
  void TakeLatched();
  void TakeDevice();
  void GiveUpTurn();
  void Resume(CpuId cpu);
  CpuId PickRunnable();
  void Body(CpuId cpu);
  u32 Random(u32 bound) { return static_cast<u32>(random_() % bound); }

  const Options options_;
  std::mt19937_64 random_;
  std::vector<CpuState> states_;
  std::vector<LockState> locks_;
  std::vector<Cpu> cpus_;
  std::vector<Stamp> stamps_;
  ucontext_t scheduler_;
  void* scheduler_fake_stack_ = nullptr;
  const void* scheduler_stack_ = nullptr;
  usize scheduler_stack_size_ = 0;
  void (*on_ipi_)(void*) = nullptr;
  void (*on_device_)(void*) = nullptr;
  void* handler_context_ = nullptr;
  const std::function<void(CpuId)>* body_ = nullptr;
  CpuId me_ = 0;
  bool running_ = false;
  u64 steps_ = 0;
  u64 fingerprint_ = 0;
  u64 allocs_ = 0;
};

template <class T>
class StepPort::Atomic {
 public:
  T load(Order) const {
    Access();
    return value_;
  }
  void store(T value, Order) { Replace(value); }
  T exchange(T value, Order) { return Replace(value); }
  T fetch_add(T value, Order) {
    Access();
    return Set(static_cast<T>(value_ + value));
  }
  T fetch_or(T value, Order) {
    Access();
    return Set(value_ | value);
  }
  T fetch_and(T value, Order) {
    Access();
    return Set(value_ & value);
  }
  bool compare_exchange(T& expected, T desired, Order) {
    Access();
    if (value_ != expected) {
      expected = value_;
      return false;
    }
    Set(desired);
    return true;
  }

 private:
  static u64 Bits(T value) {
    if constexpr (
        requires { reinterpret_cast<uptr>(value); } && !requires { value + value; }) {
      return reinterpret_cast<uptr>(value);
    } else {
      return static_cast<u64>(value);
    }
  }
  static void Access() {
    if (current_ != nullptr) current_->Step();
  }
  T Replace(T value) {
    Access();
    return Set(value);
  }
  T Set(T value) {
    const T before = value_;
    value_ = value;
    if (current_ != nullptr) current_->Changed(this, Bits(before), Bits(value));
    return before;
  }

  T value_ = {};
};

static_assert(Port<StepPort>);

}  // namespace crosscall::core

#endif  // TESTS_AGENT_CORE_STEP_PORT_H_
