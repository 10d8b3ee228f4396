// One CPU of the signal port: a pinned thread, its interrupt mask, its latches, its account in the flight region.
//
// Latches. The kernel's pending bit of a standard signal is the latch: sent while pending, it merges. A short section
// (Bar) costs no system call: the signal may come, but its handler only notes it in `latched_`, the rest of the latch,
// and the outermost Unbar takes it if the mask flag lets it in. The mask flag, in contrast, is a real one: MaskIrqs
// changes the thread's signal mask, and a masked CPU is not interrupted.
//
//   irq model   flag bars            an IPI handler runs with     a device handler runs with
//   mask_all    IPI and device       both barred                  both barred
//   ipi_open    device               device barred; IPIs nest     device barred; IPIs nest
//
// Thread safety: Ring, Lose, RaiseDevices, RequestStall and the const members may be called on any thread; all others
// on the CPU's own thread, also in its handlers. Everything after Enter is async-signal-safe. Flags that thread and
// handler of one CPU share are relaxed atomics: a thread needs no ordering against its own handlers but the compiler's,
// which the signal fences give.
#ifndef AGENT_PORTS_SIGNAL_CPU_H_
#define AGENT_PORTS_SIGNAL_CPU_H_

#include <sched.h>
#include <sys/types.h>
#include <csignal>

#include <atomic>

#include "agent/core/stage.h"
#include "agent/ports/atomics.h"
#include "agent/ports/board_clock.h"
#include "agent/ports/fault_injector.h"

namespace crosscall::ports {

// Standard signals: they coalesce as a latch does; real-time signals would queue.
inline constexpr int kIpiSignal = SIGUSR1;
inline constexpr int kDeviceSignal = SIGUSR2;
// Stops the thread where it is, whatever its mask says.
inline constexpr int kStallSignal = SIGURG;

enum Interrupt : core::u32 { kIpi = 1, kDevice = 2 };

// What the program under test does in its interrupts. Called with the mask flag set, never inside Bar().
struct InterruptHandlers {
  void (*ipi)(void* context) = nullptr;
  void (*device)(void* context, core::u32 index) = nullptr;
  void* context = nullptr;
};

class alignas(core::kCacheLine) SignalCpu {
 public:
  // What a CPU is made of; the pointers outlive it.
  struct Parts {
    core::CpuId id = 0;
    core::u32 board_cpu = 0;
    core::IrqModel irq_model = core::IrqModel::kMaskAll;
    core::CpuState* state = nullptr;
    core::Stamp* ring = nullptr;
    core::u32 ring_size = 0;
    const InterruptHandlers* handlers = nullptr;
    FaultInjector* faults = nullptr;
  };

  // The CPU whose thread executes this; null on other threads.
  static SignalCpu* Here() { return here_; }

  void Assemble(const Parts& parts);
  // Makes the calling thread this CPU, with interrupts open. `looks_before_yield`: fruitless looks of a wait loop after
  // which it gives way to other threads; 0: never.
  void Enter(core::u32 looks_before_yield);
  // The program has ended: idle with interrupts open.
  void Idle() { OpenIrqs(); }
  // Bars all interrupts for good; the thread is no CPU any more.
  void Leave();

  core::CpuId id() const { return id_; }
  core::CpuState& state() const { return *state_; }

  bool IrqsMasked() const { return masked_.load(std::memory_order_relaxed) != 0; }
  void MaskIrqs();
  void OpenIrqs();
  void Window();

  core::u32 Bar() {
    const core::u32 previous = barred_.load(std::memory_order_relaxed);
    if (previous == 0) {
      barred_.store(1, std::memory_order_relaxed);
      // The compiler must not move the section's accesses before the flag.
      std::atomic_signal_fence(std::memory_order_seq_cst);
      core::Poke(state_->ipis_barred, 1);
    }
    return previous;
  }
  void Unbar(core::u32 previous) {
    if (previous != 0) return;
    // Nor after it.
    std::atomic_signal_fence(std::memory_order_seq_cst);
    barred_.store(0, std::memory_order_relaxed);
    core::Poke(state_->ipis_barred, masked_.load(std::memory_order_relaxed) & mask_bars_ipis_);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (latched_.load(std::memory_order_relaxed) != 0) TakeLatched();
  }
  // Clears the part of the IPI latch that is the port's; the kernel cleared its own on delivery.
  void Ack() {
    latched_.fetch_and(~core::u32{kIpi}, std::memory_order_relaxed);
    // O3: the look at the queue that follows must not come before the latch is clear.
    std::atomic_thread_fence(std::memory_order_seq_cst);
  }

  // The doorbell. The caller has issued the full barrier (O2).
  void Ring(core::u64 now);
  // A doorbell that an injected fault swallows.
  void Lose(core::u64 now);
  void RaiseDevices(core::u64 bits);
  void RequestStall(core::u64 nanos);
  // Takes no step for that long, not even an interrupt.
  void Stall(core::u64 nanos);

  void Pause() {
    CpuRelax();
    if (looks_before_yield_ != 0 && ++fruitless_looks_ >= looks_before_yield_) {
      fruitless_looks_ = 0;
      sched_yield();
    }
  }

  // Of the last whole stamp: one that a handler makes while this looks is as good.
  core::u64 LastStampTime() const {
    return core::Peek(ring_[(reserved_.load(std::memory_order_relaxed) - 1) & ring_mask_].time);
  }
  // Handlers of this CPU may interrupt at any point and stamp themselves. The slot is reserved first; they end before
  // the interrupted stamp goes on, so the loop publishes all that is reserved, and again if one came in between.
  void Stamp(core::u64 time, core::Stage stage, core::u64 call, core::CpuId peer, core::u32 detail) {
    const core::u64 index = ReserveSlot();
    std::atomic_signal_fence(std::memory_order_seq_cst);
    core::Stamp& slot = ring_[index & ring_mask_];
    core::Poke(slot.time, time);
    core::Poke(slot.call, call);
    // Three halves in one store; little-endian, as the layout is.
    core::Poke(*reinterpret_cast<PackedWord*>(&slot.stage),
               static_cast<core::u64>(stage) | core::u64{peer & 0xffff} << 16 | core::u64{detail & 0xffff} << 32);
    core::Poke(slot.index, index);
    core::u64 published;
    do {
      published = reserved_.load(std::memory_order_relaxed);
      // Release: an observer that sees the head sees the stamps below it.
      __atomic_store_n(&state_->ring_head, published, __ATOMIC_RELEASE);
      std::atomic_signal_fence(std::memory_order_seq_cst);
    } while (published != reserved_.load(std::memory_order_relaxed));
  }

  // Called by the signal handlers (agent/ports/signal_handlers.h).
  void OnSignal(Interrupt interrupt);
  void OnStallSignal();

 private:
  // The three u16 fields and the reserved one behind them, as one word.
  using PackedWord [[gnu::may_alias]] = core::u64;

  // Handlers that nest deeper wait in the latch until one has returned. Far beyond what an honest program reaches; it
  // keeps a storm of IPIs under ipi_open from running over the stack.
  static constexpr core::u32 kMaxDepth = 64;

  void SetMasked(core::u32 masked);
  void Take(Interrupt interrupt);
  void TakeIpi();
  void TakeDevices();
  void TakeLatched();
  void Raise(int signal) const;

  // Own thread and its handlers.
  std::atomic<core::u32> masked_{0};
  std::atomic<core::u32> barred_{0};
  std::atomic<core::u32> latched_{0};  // bits of Interrupt
  core::u32 depth_ = 0;
  core::u32 looks_before_yield_ = 0;
  core::u32 fruitless_looks_ = 0;
  core::u32 mask_bars_ipis_ = 1;
  core::u32 ring_mask_ = 0;
  std::atomic<core::u64> reserved_{0};
  core::Stamp* ring_ = nullptr;
  core::CpuState* state_ = nullptr;
  // Fixed once assembled or entered; read by all.
  alignas(core::kCacheLine) core::CpuId id_ = 0;
  core::u32 board_cpu_ = 0;
  pid_t process_ = 0;
  pid_t thread_ = 0;
  const InterruptHandlers* handlers_ = nullptr;
  FaultInjector* faults_ = nullptr;
  BoardClock clock_ = BoardClock::Get();
  sigset_t maskable_;  // what the mask flag bars
  // Written by others.
  alignas(core::kCacheLine) std::atomic<core::u64> pending_devices_{0};
  std::atomic<core::u64> stall_nanos_{0};

  // In one step, so that a handler that falls in between cannot take the same slot. Not a locked one where the machine
  // has a plain one: no other CPU writes it.
  core::u64 ReserveSlot() {
#if defined(__x86_64__)
    core::u64 index = 1;
    asm volatile("xaddq %0, %1" : "+r"(index), "+m"(reserved_));
    return index;
#else
    return reserved_.fetch_add(1, std::memory_order_relaxed);
#endif
  }

  // Initial-exec: a handler must not enter the allocator that a lazy TLS access may call.
  [[gnu::tls_model("initial-exec")]] static constinit thread_local SignalCpu* here_;
};

}  // namespace crosscall::ports

#endif  // AGENT_PORTS_SIGNAL_CPU_H_
