// The port's types on real hardware: the compiler's atomics, plain fields and a spin lock (agent/core/port.h).
#ifndef AGENT_PORTS_ATOMICS_H_
#define AGENT_PORTS_ATOMICS_H_

#include <sched.h>

#include <atomic>

#include "agent/core/types.h"

namespace crosscall::ports {

constexpr std::memory_order ToStd(core::Order order) {
  switch (order) {
    case core::Order::kRelaxed:
      return std::memory_order_relaxed;
    case core::Order::kAcquire:
      return std::memory_order_acquire;
    case core::Order::kRelease:
      return std::memory_order_release;
    case core::Order::kAcqRel:
      return std::memory_order_acq_rel;
    case core::Order::kSeqCst:
      return std::memory_order_seq_cst;
  }
  return std::memory_order_seq_cst;
}

// The contract lets a failed compare-exchange order no more than an acquire load.
constexpr std::memory_order FailureOrder(core::Order order) {
  return order == core::Order::kRelaxed || order == core::Order::kRelease ? std::memory_order_relaxed
                                                                          : std::memory_order_acquire;
}

// One fruitless look of a spin loop, for the other hardware thread and the power budget.
inline void CpuRelax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield" ::: "memory");
#endif
}

template <class T>
class HardwareAtomic {
 public:
  T load(core::Order order) const { return value_.load(ToStd(order)); }
  void store(T value, core::Order order) { value_.store(value, ToStd(order)); }
  T exchange(T value, core::Order order) { return value_.exchange(value, ToStd(order)); }
  T fetch_add(T value, core::Order order) { return value_.fetch_add(value, ToStd(order)); }
  T fetch_or(T value, core::Order order) { return value_.fetch_or(value, ToStd(order)); }
  T fetch_and(T value, core::Order order) { return value_.fetch_and(value, ToStd(order)); }
  bool compare_exchange(T& expected, T desired, core::Order order) {
    return value_.compare_exchange_strong(expected, desired, ToStd(order), FailureOrder(order));
  }

 private:
  std::atomic<T> value_{};
};

template <class T>
class HardwarePlain {
 public:
  T get() const { return value_; }
  void set(T value) { value_ = value; }

 private:
  T value_{};
};

// Test and test-and-set. The holder may be off its board CPU (preempted, or sharing it with the spinner), so a spinner
// gives way after a bounded number of looks; only then is the lock free of livelock on an oversubscribed board.
class HardwareSpinLock {
 public:
  void lock() {
    // Acquire: what the former holder did is visible to this one.
    while (taken_.exchange(1, std::memory_order_acquire) != 0) {
      // Relaxed: only the exchange above may conclude anything from the value.
      for (core::u32 looks = 0; taken_.load(std::memory_order_relaxed) != 0; ++looks) {
        CpuRelax();
        if (looks % kLooksBeforeYield == kLooksBeforeYield - 1) sched_yield();
      }
    }
  }
  // Release: pairs with the next holder's acquire.
  void unlock() { taken_.store(0, std::memory_order_release); }

 private:
  // Longer than any section the lock protects when its holder runs.
  static constexpr core::u32 kLooksBeforeYield = 64;
  std::atomic<core::u32> taken_{0};
};

}  // namespace crosscall::ports

#endif  // AGENT_PORTS_ATOMICS_H_
