// The contract of the model port: what a CPU of it does. model_cells.cc has the accesses, model_machine.cc the
// explorer's side.
#include "agent/explore/model_port.h"

#include "agent/core/account.h"
#include "agent/scenario/ops.h"

namespace crosscall::explore {
namespace {

// Marks in what a context observes, for steps that return nothing: a position is an observation too.
enum Mark : u64 {
  kBarMark = 0x101,
  kMaskMark,
  kOpenMark,
  kDoorbellMark,
  kAckMark,
  kOperationMark,
  kEndMark,
  kWindowMark
};

constexpr u64 kPollContext = 0x303;

// Not a cell: the CPU's own latch, as a window looks at it.
constexpr u32 kLatchWord = ~u32{0};

}  // namespace

void ModelPort::Tell(EventKind kind, u32 detail, u64 call, CpuId peer) {
  if (listener_) listener_(Event{me_, kind, detail, call, peer, cpus_[me_].depth});
}

void ModelPort::ParkIfInterruptible(Parking kind) {
  if (!MayBeInterrupted(cpus_[me_])) return;
  Park(Parked{.kind = kind});
  // Masking does not bar IPIs in every model.
  cpus_[me_].unseen =
      kind == Parking::kBar || (kind == Parking::kMask && options_.irq_model == core::IrqModel::kMaskAll);
}

u32 ModelPort::Bar() {
  Cpu& cpu = cpus_[me_];
  if (!running_) return cpu.barred++;
  if (cpu.barred == 0) {
    ParkIfInterruptible(Parking::kBar);
    Observe(kBarMark);
  }
  return cpu.barred++;
}

void ModelPort::MaskIrqs() {
  Cpu& cpu = cpus_[me_];
  if (!cpu.masked) ParkIfInterruptible(Parking::kMask);
  Observe(kMaskMark);
  cpu.masked = true;
  core::Poke(states_[me_].irqs_masked, 1);
}

// An interrupt may come before the access that follows, and find what was locked meanwhile.
void ModelPort::Unbar(u32 previous) {
  cpus_[me_].barred = previous;
  if (MayBeInterrupted(cpus_[me_])) cpus_[me_].unseen = false;
}

void ModelPort::OpenIrqs() {
  Observe(kOpenMark);
  cpus_[me_].masked = false;
  if (MayBeInterrupted(cpus_[me_])) cpus_[me_].unseen = false;
  core::Poke(states_[me_].irqs_masked, 0);
}

void ModelPort::Window() {
  Cpu& cpu = cpus_[me_];
  cpu.masked = false;
  bool taken = false;
  for (; Deliverable(cpu); taken = true) TakeInterrupt(Move::kTakeIpi, 0);
  if (LetsDeviceIn(cpu)) Park(Parked{.kind = Parking::kWindow});
  cpu.masked = true;
  Observe(kWindowMark + (taken ? 1 : 0));
  cpu.context().seen.NoteRead({kLatchWord, ~u32{0}, cpu.latch ? 1u : 0u});
}

void ModelPort::SendIpis(const core::CpuSet& targets) {
  if (options_.weak && options_.ordered_ipis) weak_.FullFence(me_);
  for (const CpuId target : core::Each(targets)) {
    Park(Parked{.kind = Parking::kDoorbell});
    cpus_[me_].unseen = false;
    Ring(target);
    Observe(kDoorbellMark + target);
  }
  cpus_[me_].context().publishing = false;
}

void ModelPort::Ring(CpuId target) {
  Cpu& cpu = cpus_[target];
  changed_ |= 1u << target;
  cpu.seen_interrupted = true;
  if (!cpu.interrupted) locations_.Learn();
  ++cpu.ipis_sent;
  bool latches = true;
  for (const ModelFaults::Ipi& fault : options_.faults.ipis) {
    if (fault.cpu != target || (fault.nth != 0 && fault.nth != cpu.ipis_sent)) continue;
    if (fault.kind == ModelFaults::IpiFault::kDuplicate) ++cpu.extra_ipis;
    if (fault.kind == ModelFaults::IpiFault::kDelay) ++cpu.late_ipis;
    if (fault.kind != ModelFaults::IpiFault::kDuplicate) latches = false;
  }
  Tell(EventKind::kKick, latches ? 0 : 1, 0, target);
  if (latches) cpu.latch = true;
  if (options_.ordered_ipis) Release(LatchHandover(target));
  core::Bump(states_[target].kicks_received);
}

void ModelPort::TakeLatch() {
  cpus_[me_].latch = false;
  Acquire(LatchHandover(me_));
  if (options_.weak) weak_.Empty(LatchHandover(me_));
}

void ModelPort::Ack() {
  TakeLatch();
  if (options_.weak) weak_.FullFence(me_);
  Observe(kAckMark);
}

void ModelPort::Pause() {
  Context& context = cpus_[me_].context();
  policy_asked_ = policy_asked_ || cpus_[me_].masked;
  context.publishing = false;
  context.seen.EndLook(/*pauses=*/true);
  Park(Parked{.kind = Parking::kLook});
  cpus_[me_].unseen = true;
}

bool ModelPort::AllocFails() {
  if (!running_) return false;
  Cpu& cpu = cpus_[me_];
  ++cpu.allocs;
  bool fails = false;
  for (const ModelFaults::Alloc& fault : options_.faults.allocs) {
    if (fault.cpu == me_ && (fault.nth == 0 || fault.nth == cpu.allocs)) fails = true;
  }
  Observe(fails ? 1 : 0);
  return fails;
}

void ModelPort::KickGap(const core::CpuSet&) {
  if (options_.faults.kick_window) ParkIfInterruptible(Parking::kKickGap);
}

// The machine's part of the fault: one member leaves. Which one does not matter to an algorithm that must not look.
void ModelPort::MutateMask(core::CpuSet& set) {
  for (const CpuId cpu : options_.faults.mutate_masks) {
    if (cpu == me_ && !set.Empty()) set.Remove(set.Lowest() == me_ ? set.Next(me_ + 1) : set.Lowest());
  }
}

void ModelPort::StampStage(core::Stage stage, u64 call, CpuId peer, u32 detail) {
  if (!running_) return;
  Cpu& cpu = cpus_[me_];
  Context& context = cpu.context();
  switch (stage) {
    case core::Stage::kPublish:
      context.publishing = !options_.faults.kick_window;
      context.seen.Progress();
      break;
    case core::Stage::kKickSkipped:
      context.publishing = false;
      break;
    case core::Stage::kPollHit:
      // A CPU that goes offline drains too, and does not wait.
      if (detail != static_cast<u32>(core::Site::kNone)) context.seen.EndLook(/*pauses=*/false);
      PushContext(kPollContext);
      cpu.context().is_poll = true;
      break;
    case core::Stage::kHandlerExit:
      if (context.is_poll) PopContext();
      break;
    case core::Stage::kEnter:
      policy_asked_ = policy_asked_ || cpu.masked;
      break;
    case core::Stage::kFnEntry:
    case core::Stage::kFnExit:
    case core::Stage::kReturn:
      ++progress_;
      break;
    default:
      break;
  }
  if (listener_)
    listener_(Event{me_, EventKind::kStage, static_cast<u32>(stage) | detail << 16, call, peer, cpus_[me_].depth});
}

void ModelPort::StoreBarrier() {
  if (options_.weak) weak_.StoreBarrier(me_);
}

void ModelPort::BeginOperation(const scenario::Position& position, bool program_ends) {
  Cpu& cpu = cpus_[me_];
  if (position.in_program) {
    // Between two operations a program is no more than its position and what it has counted.
    Fingerprint place = memory_.HiddenOf(me_);
    place.Mix(states_[me_].calls_started);
    for (u32 i = 0; i < scenario::kMaxLoopDepth; ++i) place.Mix(position.rounds_left[i]);
    const scenario::RoundCounts& counts = position.counts;
    for (const u64 count : {counts.calls, counts.refused, counts.busy, counts.unreachable}) place.Mix(count);
    cpu.context().seen.Start(u64{kOperationMark} << 32 | position.op);
    cpu.context().seen.Disturb(place);
  } else {
    Observe(u64{kOperationMark} << 32 | position.op);
  }
  if (program_ends) {
    cpu.settling = true;
    Tell(EventKind::kProgramEnds);
    return;
  }
  ++progress_;
  Tell(EventKind::kOperation, position.op);
}

void ModelPort::EndProgram(u64 outcome) {
  Cpu& cpu = cpus_[me_];
  cpu.context().seen.Start(u64{kEndMark} << 32 | outcome);
  cpu.context().seen.Disturb(memory_.HiddenOf(me_));
  core::Poke(states_[me_].finished, 1);
}

}  // namespace crosscall::explore
