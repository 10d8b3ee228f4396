#include "agent/ports/signal_cpu.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <ctime>

#include <cerrno>

#include "proto/shared/check.h"

namespace crosscall::ports {

using core::Peek;
using core::Poke;
using core::u32;
using core::u64;

constinit thread_local SignalCpu* SignalCpu::here_ = nullptr;

void SignalCpu::Assemble(const Parts& parts) {
  id_ = parts.id;
  board_cpu_ = parts.board_cpu;
  state_ = parts.state;
  ring_ = parts.ring;
  ring_mask_ = parts.ring_size - 1;
  handlers_ = parts.handlers;
  faults_ = parts.faults;
  mask_bars_ipis_ = parts.irq_model == core::IrqModel::kMaskAll ? 1 : 0;
  sigemptyset(&maskable_);
  sigaddset(&maskable_, kDeviceSignal);
  if (mask_bars_ipis_ != 0) sigaddset(&maskable_, kIpiSignal);
}

void SignalCpu::Enter(u32 looks_before_yield) {
  looks_before_yield_ = looks_before_yield;
  process_ = getpid();
  thread_ = gettid();
  Poke(state_->thread_id, static_cast<u64>(thread_));
  Poke(state_->board_cpu, board_cpu_);
  here_ = this;
  // Signals of the process, such as SIGTERM, are for its other threads; faults of this thread's own code still kill.
  sigset_t blocked;
  sigfillset(&blocked);
  for (const int open : {kIpiSignal, kDeviceSignal, kStallSignal, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP}) {
    sigdelset(&blocked, open);
  }
  pthread_sigmask(SIG_SETMASK, &blocked, nullptr);
}

void SignalCpu::Leave() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  here_ = nullptr;
}

void SignalCpu::SetMasked(u32 masked) {
  masked_.store(masked, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  Poke(state_->irqs_masked, masked);
  Poke(state_->ipis_barred, barred_.load(std::memory_order_relaxed) | (masked & mask_bars_ipis_));
}

void SignalCpu::MaskIrqs() {
  if (IrqsMasked()) return;
  pthread_sigmask(SIG_BLOCK, &maskable_, nullptr);
  SetMasked(1);
}

void SignalCpu::OpenIrqs() {
  if (!IrqsMasked()) return;
  SetMasked(0);
  // What is pending is taken before this returns.
  pthread_sigmask(SIG_UNBLOCK, &maskable_, nullptr);
  TakeLatched();
}

void SignalCpu::Window() {
  if (!IrqsMasked()) return;
  OpenIrqs();
  MaskIrqs();
}

void SignalCpu::OnSignal(Interrupt interrupt) {
  if (barred_.load(std::memory_order_relaxed) != 0 || depth_ >= kMaxDepth) {
    latched_.fetch_or(interrupt, std::memory_order_relaxed);
    return;
  }
  Take(interrupt);
  TakeLatched();
}

// Takes what short sections or deep nesting left in the latch, one at a time, with the interrupts really masked as they
// would be had the signal come now.
void SignalCpu::TakeLatched() {
  for (;;) {
    u32 takable = latched_.load(std::memory_order_relaxed);
    if (barred_.load(std::memory_order_relaxed) != 0) return;
    if (IrqsMasked()) takable &= mask_bars_ipis_ != 0 ? 0 : u32{kIpi};
    if (takable == 0) return;
    const Interrupt interrupt = (takable & kIpi) != 0 ? kIpi : kDevice;
    latched_.fetch_and(~u32{interrupt}, std::memory_order_relaxed);
    sigset_t before;
    pthread_sigmask(SIG_BLOCK, &maskable_, &before);
    Take(interrupt);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
}

void SignalCpu::Take(Interrupt interrupt) {
  const u32 previous = masked_.load(std::memory_order_relaxed);
  ++depth_;
  SetMasked(1);
  if (interrupt == kIpi) {
    TakeIpi();
  } else {
    TakeDevices();
  }
  SetMasked(previous);
  --depth_;
}

void SignalCpu::TakeIpi() {
  if (const u64 nanos = faults_->StallAt(id_, DescheduleFault::Point::kHandlerEntry); nanos != 0) Stall(nanos);
  Poke(state_->last_ipi_entry, clock_.Now());
  Poke(state_->ipi_entries, Peek(state_->ipi_entries) + 1);
  handlers_->ipi(handlers_->context);
}

void SignalCpu::TakeDevices() {
  // Acquire: the handler sees what was done before the interrupt was raised.
  u64 bits = pending_devices_.exchange(0, std::memory_order_acquire);
  for (; bits != 0; bits &= bits - 1) {
    handlers_->device(handlers_->context, static_cast<u32>(__builtin_ctzll(bits)));
  }
}

void SignalCpu::Ring(u64 now) {
  // Counted before it is rung, so that no observer sees more entries than kicks.
  __atomic_fetch_add(&state_->kicks_received, 1, __ATOMIC_RELAXED);
  Poke(state_->last_kick, now);
  Raise(kIpiSignal);
}

void SignalCpu::Lose(u64 now) {
  __atomic_fetch_add(&state_->kicks_lost, 1, __ATOMIC_RELAXED);
  Poke(state_->last_kick, now);
}

void SignalCpu::RaiseDevices(u64 bits) {
  // Release: pairs with TakeDevices.
  pending_devices_.fetch_or(bits, std::memory_order_release);
  Raise(kDeviceSignal);
}

void SignalCpu::RequestStall(u64 nanos) {
  stall_nanos_.store(nanos, std::memory_order_relaxed);
  Raise(kStallSignal);
}

void SignalCpu::OnStallSignal() { Stall(stall_nanos_.exchange(0, std::memory_order_relaxed)); }

void SignalCpu::Stall(u64 nanos) {
  constexpr u64 kNanosPerSecond = 1'000'000'000;
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  timespec left{static_cast<time_t>(nanos / kNanosPerSecond), static_cast<long>(nanos % kNanosPerSecond)};
  while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR) {
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void SignalCpu::Raise(int signal) const {
  CROSSCALL_CHECK(syscall(SYS_tgkill, process_, thread_, signal) == 0, "an interrupt was sent to a CPU that is gone");
}

}  // namespace crosscall::ports
