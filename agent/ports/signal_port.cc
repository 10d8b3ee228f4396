#include "agent/ports/signal_port.h"

#include <sched.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/ports/board_cpus.h"
#include "proto/shared/check.h"

namespace crosscall::ports {
namespace {

using core::CpuId;
using core::u32;
using core::u64;

// When nothing guarantees that the CPU waited for is running: give way at once if it may share this board CPU, else now
// and then, since an ordinary thread may keep it from its own.
constexpr u32 kLooksBeforeYieldShared = 4;
constexpr u32 kLooksBeforeYieldOrdinary = 256;
// A duplicated IPI comes this much later: late enough that the first has mostly been taken, else the latch would merge
// them.
constexpr u64 kDuplicateDelayNanos = 50'000;

void IgnoreIpi(void*) {}
void IgnoreDevice(void*, u32) {}

}  // namespace

absl::StatusOr<std::unique_ptr<SignalPort>> SignalPort::Create(Options options, FlightRegion& region) {
  absl::Status status = CheckBoardCpus(options.board_cpus, UsableBoardCpus(), options.oversubscribe);
  if (!status.ok()) return status;
  const u32 cpu_count = static_cast<u32>(options.board_cpus.size());
  if (region.cpu_count() != cpu_count) {
    return absl::InvalidArgumentError(
        absl::StrCat("the flight region is laid out for ", region.cpu_count(), " CPUs, the trial has ", cpu_count));
  }
  if (status = CheckFaultPlan(options.faults, cpu_count); !status.ok()) return status;
  return std::unique_ptr<SignalPort>(new SignalPort(std::move(options), region));
}

SignalPort::SignalPort(Options options, FlightRegion& region)
    : options_(std::move(options)),
      region_(region),
      cpu_count_(static_cast<u32>(options_.board_cpus.size())),
      clock_(BoardClock::Get()),
      faults_(options_.faults, cpu_count_, options_.seed),
      handlers_{&IgnoreIpi, &IgnoreDevice, nullptr},
      cpus_(new SignalCpu[cpu_count_]) {
  for (CpuId cpu = 0; cpu < cpu_count_; ++cpu) {
    cpus_[cpu].Assemble({cpu, options_.board_cpus[cpu], options_.irq_model, &region_.cpu(cpu), region_.ring(cpu),
                         region_.ring_size(), &handlers_, &faults_});
  }
  if (InterruptTimer::Needed(options_.faults)) {
    timer_ = std::make_unique<InterruptTimer>(
        options_.faults, options_.seed,
        InterruptTimer::Actions{[this](CpuId cpu) { cpus_[cpu].Ring(clock_.Now()); },
                                [this](CpuId cpu, u32 index) { cpus_[cpu].RaiseDevices(u64{1} << index); },
                                [this](CpuId cpu, u64 nanos) { cpus_[cpu].RequestStall(nanos); }});
  }
  // Relaxed: an observer reads them only to send one, and 0 means that it cannot yet.
  __atomic_store_n(&region_.header().ipi_signal, u32{kIpiSignal}, __ATOMIC_RELAXED);
  __atomic_store_n(&region_.header().device_signal, u32{kDeviceSignal}, __ATOMIC_RELAXED);
}

SignalPort::~SignalPort() { Join(); }

void SignalPort::SetHandlers(void (*ipi)(void*), void (*device)(void*, u32), void* context) {
  CROSSCALL_CHECK(threads_ == nullptr, "handlers are set before Start");
  handlers_ = {ipi, device, context};
}

absl::Status SignalPort::Start(std::function<void(CpuId)> body) {
  CROSSCALL_CHECK(threads_ == nullptr, "a port starts once");
  absl::StatusOr<std::unique_ptr<SignalHandlers>> installed = SignalHandlers::Install(options_.irq_model);
  if (!installed.ok()) return installed.status();
  signal_handlers_ = *std::move(installed);
  CpuThreads::Options options{options_.board_cpus, options_.realtime,
                              options_.realtime && !SharesBoardCpus(options_.board_cpus), options_.realtime_calls};
  CpuThreads::Hooks hooks{
      [this](CpuId cpu, const ThreadScheduling& scheduling) { cpus_[cpu].Enter(LooksBeforeYield(scheduling)); },
      // Before the bodies: once CPUs spin under SCHED_FIFO, this thread may not run until they end.
      [this] {
        if (timer_ != nullptr) timer_->Start(options_.realtime_calls, options_.realtime);
      },
      std::move(body),
      [this](CpuId cpu) { cpus_[cpu].Idle(); },
      [this](CpuId cpu) { cpus_[cpu].Leave(); },
  };
  threads_ = std::make_unique<CpuThreads>(std::move(options), std::move(hooks));
  absl::Status status = threads_->Start();
  if (!status.ok()) {
    signal_handlers_.reset();
    return status;
  }
  return absl::OkStatus();
}

void SignalPort::Join() {
  if (threads_ == nullptr) return;
  threads_->AwaitBodies();
  // Before the threads go: it must not send to one that is gone.
  if (timer_ != nullptr) timer_->Stop();
  threads_->Join();
  signal_handlers_.reset();
}

u32 SignalPort::LooksBeforeYield(const ThreadScheduling& scheduling) const {
  if (SharesBoardCpus(options_.board_cpus)) return kLooksBeforeYieldShared;
  return scheduling.policy == SCHED_FIFO ? 0 : kLooksBeforeYieldOrdinary;
}

void SignalPort::SendIpis(const core::CpuSet& targets) {
  // O2: what this CPU published must be visible before any doorbell; the system call alone promises no such thing.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  for (const CpuId target : core::Each(targets)) {
    const u64 now = clock_.Now();
    if (faults_.StrikesKicks(target)) {
      RingWithFaults(target, now);
    } else {
      cpus_[target].Ring(now);
    }
  }
}

void SignalPort::RingWithFaults(CpuId target, u64 now) {
  const FaultInjector::Kick kick = faults_.OnKick(target);
  if (kick.lost) {
    cpus_[target].Lose(now);
    return;
  }
  const bool on_its_way = kick.delay_nanos != 0 && timer_->ScheduleIpi(target, kick.delay_nanos);
  if (!on_its_way) cpus_[target].Ring(now);
  if (kick.duplicated) timer_->ScheduleIpi(target, kick.delay_nanos + kDuplicateDelayNanos);
}

void SignalPort::WidenKickGap() {
  SignalCpu& me = Here();
  // Raised against itself: taken here and now if open, else latched as any interrupt.
  if (const u64 devices = faults_.DevicesInKickGap(me.id()); devices != 0) me.RaiseDevices(devices);
  if (const u64 nanos = faults_.StallAt(me.id(), DescheduleFault::Point::kQueuedNotKicked); nanos != 0) me.Stall(nanos);
  if (const u64 nanos = faults_.KickGapNanos(me.id()); nanos != 0) {
    const u64 end = clock_.Now() + clock_.NanosToTicks(nanos);
    while (clock_.Now() < end) CpuRelax();
  }
}

}  // namespace crosscall::ports
