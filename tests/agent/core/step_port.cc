#include "tests/agent/core/step_port.h"

#include "agent/core/account.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace crosscall::core {
namespace {

constexpr usize kStackBytes = usize{128} * 1024;
// One step in this many gives up the turn: often enough to interleave everything over the seeds, rarely enough to be
// quick.
constexpr u32 kTurnLength = 4;

// Device interrupts come when calls are under way, not at once.
constexpr u32 kStepsBetweenDevices = 64;
// Absences are long enough for others to make several calls.
constexpr u32 kStepsBetweenAbsences = 64;
constexpr u32 kLongestAbsence = 4000;

// AddressSanitizer must be told of stack switches; without it these are nothing.
void StartSwitch([[maybe_unused]] void** fake_stack, [[maybe_unused]] const void* stack, [[maybe_unused]] usize size) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(fake_stack, stack, size);
#endif
}
void FinishSwitch([[maybe_unused]] void* fake_stack, [[maybe_unused]] const void** stack,
                  [[maybe_unused]] usize* size) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(fake_stack, stack, size);
#endif
}

}  // namespace

StepPort* StepPort::current_ = nullptr;

void StepPort::SpinLock::lock() {
  while (held_) current_->Pause();
  held_ = true;
  if (current_ == nullptr) return;
  current_->Changed(this, 0, 1);
  current_->Step();
}

void StepPort::SpinLock::unlock() {
  held_ = false;
  if (current_ != nullptr) current_->Changed(this, 1, 0);
}

StepPort::StepPort(const Options& options)
    : options_(options),
      random_(options.seed),
      states_(options.cpus),
      locks_(options.locks),
      cpus_(options.cpus),
      scheduler_() {}

StepPort::~StepPort() = default;

void StepPort::SetHandlers(void (*on_ipi)(void*), void (*on_device)(void*), void* context) {
  on_ipi_ = on_ipi;
  on_device_ = on_device;
  handler_context_ = context;
}

u64 StepPort::Mix(const void* address, u64 value) {
  if (value == 0) return 0;  // So that objects that come and go with value 0 leave no trace.
  u64 x = reinterpret_cast<uptr>(address) * 0x9e3779b97f4a7c15 + value;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

void StepPort::SetMasked(Cpu& cpu, bool masked) {
  Changed(&cpu.masked, cpu.masked ? 1 : 0, masked ? 1 : 0);
  cpu.masked = masked;
  Poke(states_[static_cast<usize>(&cpu - cpus_.data())].irqs_masked, masked ? 1 : 0);
}

void StepPort::SetLatch(Cpu& cpu, bool latch) {
  Changed(&cpu.latch, cpu.latch ? 1 : 0, latch ? 1 : 0);
  cpu.latch = latch;
}

// Apart from the loop over CPUs: getcontext returns twice in the compiler's eyes.
void StepPort::Prepare(Cpu& cpu) {
  cpu.devices_left = options_.devices_per_cpu;
  cpu.stack = std::make_unique_for_overwrite<char[]>(kStackBytes);
  getcontext(&cpu.context);
  cpu.context.uc_stack.ss_sp = cpu.stack.get();
  cpu.context.uc_stack.ss_size = kStackBytes;
  cpu.context.uc_link = nullptr;
  makecontext(&cpu.context, &StepPort::Trampoline, 0);
}

StepPort::Outcome StepPort::Run(const std::function<void(CpuId)>& body) {
  current_ = this;
  body_ = &body;
  running_ = true;
  for (Cpu& cpu : cpus_) Prepare(cpu);
  Outcome outcome = Outcome::kStepLimit;
  while (steps_ < options_.max_steps) {
    const CpuId next = PickRunnable();
    if (next == kNoCpu) {
      outcome = Outcome::kFinished;
      for (const Cpu& cpu : cpus_) {
        if (!cpu.idle) outcome = Outcome::kDeadlock;
      }
      break;
    }
    Resume(next);
  }
  running_ = false;
  current_ = nullptr;
  return outcome;
}

void StepPort::Trampoline() {
  StepPort& port = *current_;
  FinishSwitch(nullptr, &port.scheduler_stack_, &port.scheduler_stack_size_);
  port.Body(port.me_);
}

// Never returns: a CPU whose program has ended idles with interrupts open.
void StepPort::Body(CpuId cpu) {
  (*body_)(cpu);
  cpus_[cpu].finished = true;
  Poke(states_[cpu].finished, 1);
  for (;;) {
    TakeLatched();
    cpus_[cpu].idle = true;
    GiveUpTurn();
    cpus_[cpu].idle = false;
  }
}

bool StepPort::LetsIn(const Cpu& cpu) const {
  return cpu.latch && cpu.barred == 0 && (!cpu.masked || options_.irq_model == IrqModel::kIpiOpen);
}

bool StepPort::Runnable(const Cpu& cpu) const {
  if (LetsIn(cpu)) return true;
  return !cpu.idle && !(cpu.stalled && cpu.stalled_in == fingerprint_);
}

// A CPU that is away goes only if no other can.
CpuId StepPort::PickRunnable() {
  CpuId away = kNoCpu;
  const u32 start = Random(options_.cpus);
  for (u32 i = 0; i < options_.cpus; ++i) {
    const CpuId cpu = (start + i) % options_.cpus;
    if (!Runnable(cpus_[cpu])) continue;
    if (cpus_[cpu].away_until <= steps_) return cpu;
    away = cpu;
  }
  return away;
}

void StepPort::Resume(CpuId cpu) {
  me_ = cpu;
  Cpu& c = cpus_[cpu];
  StartSwitch(&scheduler_fake_stack_, c.stack.get(), kStackBytes);
  swapcontext(&scheduler_, &c.context);
  FinishSwitch(scheduler_fake_stack_, nullptr, nullptr);
}

void StepPort::GiveUpTurn() {
  Cpu& c = cpus_[me_];
  StartSwitch(&c.fake_stack, scheduler_stack_, scheduler_stack_size_);
  swapcontext(&c.context, &scheduler_);
  FinishSwitch(c.fake_stack, &scheduler_stack_, &scheduler_stack_size_);
}

void StepPort::Step() {
  if (!running_) return;
  ++steps_;
  if (options_.duplicate_ipis && Random(64) == 0) SetLatch(cpus_[Random(options_.cpus)], true);
  if (LetsIn(cpus_[me_]) && Random(2) == 0) TakeIpi();
  TakeDevice();
  if (options_.deschedules && Random(kStepsBetweenAbsences) == 0) {
    cpus_[me_].away_until = steps_ + Random(kLongestAbsence);
    GiveUpTurn();
  } else if (Random(kTurnLength) == 0) {
    GiveUpTurn();
  }
}

void StepPort::Pause() {
  Cpu& c = cpus_[me_];
  ++steps_;
  c.stalled = c.look_began == fingerprint_;
  c.stalled_in = fingerprint_;
  GiveUpTurn();
  c.stalled = false;
  TakeLatched();
  TakeDevice();
  c.look_began = fingerprint_;
}

void StepPort::TakeIpi() {
  Cpu& c = cpus_[me_];
  const bool before = c.masked;
  SetMasked(c, true);
  Bump(states_[me_].ipi_entries);
  Poke(states_[me_].last_ipi_entry, steps_);
  on_ipi_(handler_context_);
  SetMasked(c, before);
}

void StepPort::TakeLatched() {
  while (LetsIn(cpus_[me_])) TakeIpi();
}

void StepPort::TakeDevice() {
  Cpu& c = cpus_[me_];
  if (c.devices_left == 0 || c.masked || c.barred != 0 || Random(kStepsBetweenDevices) != 0) return;
  --c.devices_left;
  SetMasked(c, true);
  on_device_(handler_context_);
  SetMasked(c, false);
}

u32 StepPort::Bar() {
  Poke(states_[me_].ipis_barred, 1);
  return cpus_[me_].barred++;
}

void StepPort::Unbar(u32 previous) {
  cpus_[me_].barred = previous;
  if (previous != 0) return;
  Poke(states_[me_].ipis_barred, 0);
  if (running_) TakeLatched();
}

void StepPort::MaskIrqs() {
  Step();
  SetMasked(cpus_[me_], true);
}

void StepPort::OpenIrqs() {
  SetMasked(cpus_[me_], false);
  TakeLatched();
  Step();
}

void StepPort::Window() {
  Cpu& c = cpus_[me_];
  SetMasked(c, false);
  TakeLatched();
  TakeDevice();
  SetMasked(c, true);
}

void StepPort::SendIpis(const CpuSet& targets) {
  Step();
  for (const CpuId target : Each(targets)) {
    SetLatch(cpus_[target], true);
    if (options_.duplicate_ipis && Random(2) == 0) cpus_[target].echo = true;
    Bump(states_[target].kicks_received);
    Poke(states_[target].last_kick, steps_);
  }
  Step();
}

void StepPort::Ack() {
  Cpu& c = cpus_[me_];
  SetLatch(c, c.echo);
  c.echo = false;
  Step();
}

bool StepPort::AllocFails() { return options_.fail_allocs_every != 0 && ++allocs_ % options_.fail_allocs_every == 0; }

void StepPort::StampStage(Stage stage, u64 call, CpuId peer, u32 detail) {
  if (!options_.keep_stamps) return;
  stamps_.push_back(Stamp{steps_, call, static_cast<u16>(stage), static_cast<u16>(peer), static_cast<u16>(detail),
                          static_cast<u16>(me_), stamps_.size()});
}

}  // namespace crosscall::core
