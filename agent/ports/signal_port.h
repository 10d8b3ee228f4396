// The signal port: one machine of pinned threads whose interrupts are signals. It models core::Port
// (agent/core/port.h); signal_cpu.h says how a CPU of it masks and takes interrupts.
//
// Life: Create; make the objects that need the port; SetHandlers; Start; Join; destroy. One port runs in a process at a
// time. A hung body never lets Join return: the process that runs trials is meant to be killed.
//
// Accounts in the flight region that the port keeps: thread_id, board_cpu, irqs_masked, ipis_barred, kicks_received,
// kicks_lost, last_kick, ipi_entries, last_ipi_entry, the header's clock and signal numbers. It stamps nothing by
// itself.
//
// Thread safety: the members of the concept are called on the port's CPUs, also in their handlers, and are
// async-signal- safe; Create to Join and the other members by one owner. Times are raw clock values; TicksToNanos and
// NanosToTicks convert spans.
#ifndef AGENT_PORTS_SIGNAL_PORT_H_
#define AGENT_PORTS_SIGNAL_PORT_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/core/port.h"
#include "agent/ports/atomics.h"
#include "agent/ports/board_clock.h"
#include "agent/ports/cpu_threads.h"
#include "agent/ports/fault_injector.h"
#include "agent/ports/faults.h"
#include "agent/ports/flight_region.h"
#include "agent/ports/interrupt_timer.h"
#include "agent/ports/signal_cpu.h"
#include "agent/ports/signal_handlers.h"

namespace crosscall::ports {

class SignalPort {
 public:
  template <class T>
  using Atomic = HardwareAtomic<T>;
  template <class T>
  using Plain = HardwarePlain<T>;
  using SpinLock = HardwareSpinLock;

  struct Options {
    core::IrqModel irq_model = core::IrqModel::kMaskAll;
    std::vector<core::u32> board_cpus;  // by scenario CPU
    bool realtime = true;               // wanted; scheduling() says what was obtained
    bool oversubscribe = false;         // several scenario CPUs may share a board CPU; latencies then mean nothing
    FaultPlan faults;
    core::u64 seed = 1;                                      // of random faults and interrupts
    RealtimeCalls realtime_calls = RealtimeCalls::Kernel();  // seam
  };

  // `region` outlives the port and is laid out for as many CPUs. Errors: INVALID_ARGUMENT for CPUs listed twice, a
  // region or faults for other CPUs; FAILED_PRECONDITION for a board CPU that is not usable, naming those that are.
  static absl::StatusOr<std::unique_ptr<SignalPort>> Create(Options options, FlightRegion& region);

  ~SignalPort();
  SignalPort(const SignalPort&) = delete;
  SignalPort& operator=(const SignalPort&) = delete;

  // What the interrupts do. Before Start. Called on the interrupted CPU with the mask flag set, never inside Bar().
  void SetHandlers(void (*ipi)(void* context), void (*device)(void* context, core::u32 index), void* context);
  // Spawns the CPUs; all meet, then each runs `body`, once. A CPU whose body has ended idles with interrupts open until
  // all have: a body returns only when no call from or to it is outstanding that nobody else waits for. Errors: as
  // CpuThreads::Start, and FAILED_PRECONDITION if another port runs.
  absl::Status Start(std::function<void(core::CpuId)> body);
  // Returns when all bodies have ended and the threads are gone.
  void Join();

  // After Start.
  const Scheduling& scheduling() const { return threads_->scheduling(); }
  std::string SchedulingNote() const { return scheduling().note; }
  core::u32 board_cpu(core::CpuId cpu) const { return options_.board_cpus[cpu]; }
  core::u64 TicksToNanos(core::u64 ticks) const { return clock_.TicksToNanos(ticks); }
  core::u64 NanosToTicks(core::u64 nanos) const { return clock_.NanosToTicks(nanos); }

  // The concept.
  core::u32 cpu_count() const { return cpu_count_; }
  core::CpuId Me() const { return Here().id(); }
  core::u32 Bar() { return Here().Bar(); }
  void Unbar(core::u32 previous) { Here().Unbar(previous); }
  bool IrqsMasked() const { return Here().IrqsMasked(); }
  void MaskIrqs() { Here().MaskIrqs(); }
  void OpenIrqs() { Here().OpenIrqs(); }
  void Window() { Here().Window(); }
  void SendIpis(const core::CpuSet& targets);
  void Ack() { Here().Ack(); }
  void BeginWait() {}
  void BeginLook() {}
  void Pause() { Here().Pause(); }
  bool AllocFails() { return faults_.AllocFails(Me()); }
  void KickGap(const core::CpuSet&) {
    if (faults_.StrikesKickGap(Me())) WidenKickGap();
  }
  void MutateMask(core::CpuSet& mask) { faults_.MutateMask(Me(), mask); }
  core::u64 Now() const { return clock_.Now(); }
  core::CpuState& state() { return Here().state(); }
  core::CpuState& state_of(core::CpuId cpu) { return region_.cpu(cpu); }
  core::LockState& lock_state(core::u32 index) { return region_.lock(index); }
  void StampStage(core::Stage stage, core::u64 call, core::CpuId peer, core::u32 detail) {
    Here().Stamp(clock_.Now(), stage, call, peer, detail);
  }
  void StampAgain(core::Stage stage, core::u64 call, core::CpuId peer, core::u32 detail) {
    SignalCpu& cpu = Here();
    cpu.Stamp(cpu.LastStampTime(), stage, call, peer, detail);
  }

 private:
  SignalPort(Options options, FlightRegion& region);

  static SignalCpu& Here() { return *SignalCpu::Here(); }
  void RingWithFaults(core::CpuId target, core::u64 now);
  void WidenKickGap();
  core::u32 LooksBeforeYield(const ThreadScheduling& scheduling) const;

  const Options options_;
  FlightRegion& region_;
  const core::u32 cpu_count_;
  const BoardClock clock_;
  FaultInjector faults_;
  InterruptHandlers handlers_;
  std::unique_ptr<SignalCpu[]> cpus_;
  std::unique_ptr<InterruptTimer> timer_;  // null if the plan needs none
  std::unique_ptr<SignalHandlers> signal_handlers_;
  std::unique_ptr<CpuThreads> threads_;
};

static_assert(core::Port<SignalPort>);

}  // namespace crosscall::ports

#endif  // AGENT_PORTS_SIGNAL_PORT_H_
