// The explorer's side of the model port: executions, steps, and the state as a fingerprint.
#include "agent/core/account.h"
#include "agent/explore/model_port.h"
#include "proto/shared/check.h"

namespace crosscall::explore {
namespace {

constexpr u64 kIpiContext = 0x301;
constexpr u64 kDeviceContext = 0x302;

}  // namespace

ModelPort::ModelPort(Options options)
    : options_(std::move(options)),
      memory_(options_.block_bytes, options_.cpus),
      locations_(memory_.words()),
      weak_(options_.cpus),
      races_(options_.cpus),
      states_(options_.cpus),
      locks_(options_.locks) {
  CROSSCALL_CHECK(options_.cpus >= 1 && options_.cpus <= kMaxCpus, "the model has one to six CPUs");
  for (const ModelFaults::Device& device : options_.faults.devices) cpus_[device.cpu].seen_interrupted = true;
}

ModelPort::~ModelPort() {
  if (current() == this) set_current(nullptr);
}

void ModelPort::Seal(Handlers handlers) {
  handlers_ = std::move(handlers);
  memory_.Seal();
  first_cells_ = Fingerprint{0, 0};
  for (u32 word = 0; word < memory_.words(); ++word) {
    if (memory_.Alive(word)) Toggle(first_cells_, CellPrint(word, memory_.Initial(word)));
  }
}

void ModelPort::Restart() {
  MakeCurrent();
  running_ = false;
  kept_count_ = 0;
  memory_.Restore();
  std::fill(states_.begin(), states_.end(), core::CpuState{});
  std::fill(locks_.begin(), locks_.end(), core::LockState{});
  cells_ = first_cells_;
  weak_.Reset(weak_values_);
  races_.Reset();
  device_budgets_.clear();
  for (const ModelFaults::Device& device : options_.faults.devices) device_budgets_.push_back(device.times);
  violation_ = ModelViolation::kNone;
  for (CpuId id = 0; id < options_.cpus; ++id) {
    Cpu& cpu = cpus_[id];
    cpu.depth = cpu.barred = cpu.late_ipis = cpu.extra_ipis = cpu.ipis_sent = cpu.allocs = 0;
    cpu.unseen = false;
    cpu.masked = cpu.latch = cpu.settling = false;
    cpu.context().publishing = false;
    cpu.context().seen.Start(id);
  }
  running_ = true;
  for (CpuId id = 0; id < options_.cpus && violation_ == ModelViolation::kNone; ++id) {
    me_ = id;
    accesses_ = 0;
    cpus_[id].fiber.Start(memory_.stack(id), ModelMemory::kStackBytes, &ModelPort::RunCpu, this);
    cpus_[id].fiber.Resume();
    if (watching_ && memory_.WatchHidden(id)) locations_.Learn();
  }
}

void ModelPort::RunCpu(void* argument) { static_cast<ModelPort*>(argument)->Body(); }

void ModelPort::Body() {
  handlers_.program(me_);
  for (;;) Park(Parked{.kind = Parking::kIdle});
}

void ModelPort::Park(const Parked& parked) {
  Cpu& cpu = cpus_[me_];
  for (;;) {
    cpu.parked = parked;
    AwaitChoice(cpu);
    if (cpu.choice.move == Move::kStep) return;
    TakeInterrupt(cpu.choice.move, cpu.choice.variant);
  }
}

void ModelPort::AwaitChoice(Cpu& cpu) {
  // While a schedule is followed, a CPU that has the next step too goes on without a switch.
  if (next_ == last_ || next_->cpu != me_ || next_->move == Move::kLateIpi || next_->move == Move::kExtraIpi) {
    cpu.fiber.Yield();
    return;
  }
  cpu.choice = *next_++;
  BeginStep();
}

void ModelPort::BeginStep() {
  ++steps_;
  accesses_ = 0;
  races_.BeginStep(me_);
}

void ModelPort::Follow(absl::Span<const Choice> schedule) {
  next_ = schedule.data();
  last_ = next_ + schedule.size();
  while (next_ != last_) Take(*next_++);
}

void ModelPort::Halt(ModelViolation violation) {
  violation_ = violation;
  violator_ = me_;
  for (;;) {
    cpus_[me_].parked = Parked{.kind = Parking::kHalted};
    cpus_[me_].fiber.Yield();
  }
}

void ModelPort::TakeInterrupt(Move move, u32 index) {
  Tell(move == Move::kTakeIpi ? EventKind::kTakeIpi : EventKind::kTakeDevice, index);
  PushContext(move == Move::kTakeIpi ? kIpiContext : kDeviceContext + index);
  Cpu& cpu = cpus_[me_];
  cpu.masked = true;
  core::Poke(states_[me_].irqs_masked, 1);
  if (move == Move::kTakeIpi) {
    TakeLatch();
    core::Bump(states_[me_].ipi_entries);
    handlers_.ipi();
  } else {
    --device_budgets_[index];
    handlers_.device(index);
  }
  PopContext();
}

void ModelPort::PushContext(u64 kind) {
  Cpu& cpu = cpus_[me_];
  if (cpu.depth == kMaxHandlers) Halt(ModelViolation::kNesting);
  Context& handler = cpu.contexts[cpu.depth + 1];
  handler.hidden = memory_.HiddenOf(me_);
  handler.calls_started = states_[me_].calls_started;
  handler.is_poll = false;
  handler.was_masked = cpu.masked;
  handler.publishing = false;
  handler.seen.Start(kind);
  ++cpu.depth;
}

void ModelPort::PopContext() {
  Cpu& cpu = cpus_[me_];
  const Context& handler = cpu.context();
  cpu.masked = handler.was_masked;
  core::Poke(states_[me_].irqs_masked, cpu.masked ? 1 : 0);
  --cpu.depth;
  Fingerprint after = memory_.HiddenOf(me_);
  if (after == handler.hidden && states_[me_].calls_started == handler.calls_started) return;
  after.Mix(states_[me_].calls_started);
  cpu.context().seen.Disturb(after);
}

bool ModelPort::Deliverable(const Cpu& cpu) const { return cpu.latch && MayBeInterrupted(cpu); }

bool ModelPort::MayBeInterrupted(const Cpu& cpu) const {
  return cpu.interrupted && cpu.barred == 0 && !cpu.context().publishing &&
         (!cpu.masked || options_.irq_model == core::IrqModel::kIpiOpen);
}

bool ModelPort::LetsDeviceIn(const Cpu& cpu) const {
  if (cpu.masked || cpu.barred != 0 || cpu.context().publishing) return false;
  for (usize i = 0; i < device_budgets_.size(); ++i) {
    const ModelFaults::Device& device = options_.faults.devices[i];
    if (&cpus_[device.cpu] == &cpu && device_budgets_[i] > 0 && !device.in_kick_window) return true;
  }
  return false;
}

bool ModelPort::SawNews(const Cpu& cpu) const {
  const CpuId id = static_cast<CpuId>(&cpu - cpus_.data());
  const u64* const words = reinterpret_cast<const u64*>(memory_.block());
  for (const Observations::Seen& seen : cpu.context().seen.last_reads()) {
    if (seen.word == ~u32{0}) {
      if ((cpu.latch ? 1u : 0u) != seen.value) return true;
    } else if (seen.weak_index != ~u32{0}) {
      if (weak_.MayDiffer(id, seen.weak_index, seen.value)) return true;
    } else if (words[seen.word] != seen.value) {
      return true;
    }
  }
  return false;
}

u32 ModelPort::StepOutcomes(const Cpu& cpu) const {
  switch (cpu.parked.kind) {
    case Parking::kAccess:
      if (cpu.parked.location == ~u32{0}) return 1;
      return weak_.Outcomes(static_cast<CpuId>(&cpu - cpus_.data()), cpu.parked.location, cpu.parked.access);
    case Parking::kLock:
      return *cpu.parked.cell == 0 ? 1 : 0;
    case Parking::kLook:
      return SawNews(cpu) ? 1 : 0;
    case Parking::kIdle:
    case Parking::kHalted:
      return 0;
    default:
      return 1;
  }
}

void ModelPort::Choices(std::vector<Choice>& choices) const {
  choices.clear();
  for (u8 id = 0; id < options_.cpus; ++id) {
    const Cpu& cpu = cpus_[id];
    const u32 outcomes = StepOutcomes(cpu);
    for (u32 outcome = 0; outcome < outcomes; ++outcome) {
      choices.push_back(Choice{id, Move::kStep, static_cast<u16>(outcome)});
    }
    if (Deliverable(cpu)) choices.push_back(Choice{id, Move::kTakeIpi, 0});
    if (cpu.late_ipis > 0) choices.push_back(Choice{id, Move::kLateIpi, 0});
    if (cpu.extra_ipis > 0 && !cpu.latch) choices.push_back(Choice{id, Move::kExtraIpi, 0});
    if (cpu.masked || cpu.barred != 0 || cpu.context().publishing) continue;
    for (u32 i = 0; i < device_budgets_.size(); ++i) {
      const ModelFaults::Device& device = options_.faults.devices[i];
      if (device.cpu != id || device_budgets_[i] == 0) continue;
      if (device.in_kick_window && cpu.parked.kind != Parking::kKickGap) continue;
      choices.push_back(Choice{id, Move::kDevice, static_cast<u16>(i)});
    }
  }
}

void ModelPort::Take(Choice choice) {
  me_ = choice.cpu;
  changed_ |= 1u << me_;
  Cpu& cpu = cpus_[choice.cpu];
  if (choice.move == Move::kLateIpi || choice.move == Move::kExtraIpi) {
    ++steps_;
    --(choice.move == Move::kLateIpi ? cpu.late_ipis : cpu.extra_ipis);
    cpu.latch = true;
    Tell(EventKind::kLatch);
    return;
  }
  cpu.choice = choice;
  BeginStep();
  cpu.fiber.Resume();
  if (watching_ && memory_.WatchHidden(choice.cpu)) locations_.Learn();
}

bool ModelPort::Idle() const {
  for (CpuId cpu = 0; cpu < options_.cpus; ++cpu) {
    if (!idle(cpu)) return false;
  }
  return true;
}

bool ModelPort::OnlySettling() const {
  for (CpuId id = 0; id < options_.cpus; ++id) {
    const Cpu& cpu = cpus_[id];
    if (!idle(id) && !(cpu.settling && cpu.depth == 0 && cpu.parked.kind == Parking::kLook)) return false;
  }
  return true;
}

void ModelPort::Settle() {
  locations_.Settle();
  for (Cpu& cpu : cpus_) cpu.interrupted = cpu.seen_interrupted;
}

bool ModelPort::LookForNews() {
  if (memory_.FindHidden()) locations_.Learn();
  return locations_.learned();
}

Fingerprint ModelPort::StatePrint() const {
  Fingerprint print = cells_;
  for (CpuId id = 0; id < options_.cpus; ++id) {
    const Cpu& cpu = cpus_[id];
    for (u32 i = 0; i <= cpu.depth; ++i) {
      print.Mix(cpu.contexts[i].seen.print());
      print.Mix((cpu.contexts[i].publishing ? 1u : 0u) | (cpu.contexts[i].was_masked && i > 0 ? 2u : 0u));
    }
    const bool sees_news = cpu.parked.kind == Parking::kLook && SawNews(cpu);
    print.Mix(u64{cpu.depth} << 32 | u64{cpu.barred} << 8 | (cpu.masked ? 1u : 0u) | (cpu.latch ? 2u : 0u) |
              (sees_news ? 4u : 0u) | static_cast<u32>(cpu.parked.kind) << 3);
    if (!options_.faults.ipis.empty()) print.Mix(u64{cpu.ipis_sent} << 32 | cpu.late_ipis << 16 | cpu.extra_ipis);
    if (!options_.faults.allocs.empty()) print.Mix(cpu.allocs);
  }
  for (const u64 budget : device_budgets_) print.Mix(budget);
  if (options_.weak) {
    weak_.AddTo(print);
  } else {
    races_.AddTo(print);
  }
  return print;
}

}  // namespace crosscall::explore
