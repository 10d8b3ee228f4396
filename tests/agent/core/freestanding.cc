// Built without any system header path, exceptions and RTTI: that it compiles proves that core is freestanding.
#include "tests/agent/core/freestanding.h"

#include "agent/core/algorithms.h"

namespace crosscall::core {
namespace {

// A machine of one CPU, which interrupts nobody.
class LonePort {
 public:
  template <class T>
  class Atomic {
   public:
    T load(Order) const { return value_; }
    void store(T value, Order) { value_ = value; }
    T exchange(T value, Order) { return Replace(value); }
    T fetch_add(T value, Order) { return Replace(static_cast<T>(value_ + value)); }
    T fetch_or(T value, Order) { return Replace(value_ | value); }
    T fetch_and(T value, Order) { return Replace(value_ & value); }
    bool compare_exchange(T& expected, T desired, Order) {
      const bool same = value_ == expected;
      (same ? value_ : expected) = same ? desired : value_;
      return same;
    }

   private:
    T Replace(T value) {
      const T before = value_;
      value_ = value;
      return before;
    }
    T value_ = {};
  };
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
    void lock() {}
    void unlock() {}
  };

  u32 cpu_count() const { return 1; }
  CpuId Me() const { return 0; }
  u32 Bar() { return barred_++; }
  void Unbar(u32 previous) { barred_ = previous; }
  bool IrqsMasked() const { return masked_; }
  void MaskIrqs() { masked_ = true; }
  void OpenIrqs() { masked_ = false; }
  void Window() {}
  void SendIpis(const CpuSet&) {}
  void Ack() {}
  void BeginWait() {}
  void BeginLook() {}
  void Pause() {}
  bool AllocFails() { return false; }
  void KickGap(const CpuSet&) {}
  void MutateMask(CpuSet&) {}
  u64 Now() const { return 0; }
  CpuState& state() { return state_; }
  CpuState& state_of(CpuId) { return state_; }
  LockState& lock_state(u32 index) { return locks_[index]; }
  void StampStage(Stage, u64, CpuId, u32) {}
  void StampAgain(Stage, u64, CpuId, u32) {}

 private:
  u32 barred_ = 0;
  bool masked_ = false;
  CpuState state_ = {};
  LockState locks_[2] = {};
};

template <template <class> class A>
u32 RunOn() {
  using C = Calls<LonePort, A>;
  alignas(kCacheLine) static char memory[usize{64} * 1024] = {};
  if (C::BytesNeeded(1) > sizeof memory) return 0;
  LonePort port;
  C calls(port, CallOptions(), memory, sizeof memory);
  u32 runs = 0;
  const auto count = [](void* counter) { ++*static_cast<u32*>(counter); };
  ProgramLock<LonePort> lock(1);
  calls.Lock(lock);
  calls.CallSingle(0, count, &runs, true);
  calls.OnEach(count, &runs, true);
  calls.CallOthers(count, &runs, true);
  calls.Unlock(lock);
  calls.OnIpi();
  return runs;
}

}  // namespace

u32 FreestandingRuns(AlgorithmKind algorithm) {
  return VisitAlgorithm<LonePort>(algorithm, []<template <class> class A>() { return RunOn<A>(); });
}

}  // namespace crosscall::core
