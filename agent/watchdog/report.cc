#include "agent/watchdog/report.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agent/watchdog/decision.h"

namespace crosscall::watchdog {
namespace {

constexpr std::array<absl::string_view, 18> kStageNames = {
    "none",  "enter",    "claim",   "publish",  "kick",         "kick_skipped", "kicked", "ipi_entry", "poll_hit",
    "drain", "fn_entry", "fn_exit", "complete", "handler_exit", "observed",     "return", "spurious",  "device"};

std::string LockName(const Evidence& evidence, std::uint64_t index) {
  if (index == 0) return "the call lock";
  if (index <= evidence.lock_names.size()) return evidence.lock_names[index - 1];
  return absl::StrCat("lock ", index);
}

std::string Peer(std::uint32_t cpu) { return cpu == kSeveralCpus ? "several CPUs" : absl::StrCat("CPU ", cpu); }

std::string FrameText(const Evidence& evidence, const FrameLook& frame) {
  switch (frame.kind) {
    case core::FrameKind::kCall: {
      constexpr std::array<absl::string_view, 6> kPhases = {"",          " (entered)",     " (claimed)", " (published)",
                                                            " (kicked)", " (kick skipped)"};
      return absl::StrCat("call ", core::SequenceOf(frame.call), " -> ", Peer(frame.target),
                          kPhases[static_cast<std::size_t>(frame.phase)]);
    }
    case core::FrameKind::kHandler:
      return "handler";
    case core::FrameKind::kFunction:
      return absl::StrCat("fn of call ", core::SequenceOf(frame.call), " of CPU ", core::CallerOf(frame.call));
    case core::FrameKind::kDevice:
      return "device interrupt";
    case core::FrameKind::kLockWait:
      return absl::StrCat("wants ", LockName(evidence, frame.call == 0 ? 0 : frame.call - 1));
    case core::FrameKind::kWindow:
      return "open window";
    case core::FrameKind::kNone:
      break;
  }
  return "unknown";
}

void FillWait(const Evidence& evidence, const Look& look, std::uint32_t cpu, v1::HangWait& wait) {
  const CpuLook& waiter = look.cpus[cpu];
  wait.set_cpu(cpu);
  wait.set_site(static_cast<v1::WaitSite>(waiter.site));
  for (const WaitEdge& edge : EdgesFrom(look, cpu)) wait.add_for_cpus(edge.to);
  if (waiter.wait_lock) wait.set_lock(LockName(evidence, *waiter.wait_lock));
  if (cpu < evidence.waited.size()) {
    wait.set_waited_nanos(static_cast<std::uint64_t>(absl::ToInt64Nanoseconds(evidence.waited[cpu])));
  }
  wait.set_call_sequence(core::SequenceOf(waiter.wait_call));
}

void FillCpu(const Evidence& evidence, const Look& look, std::uint32_t index, v1::HangCpu& cpu) {
  const CpuLook& seen = look.cpus[index];
  cpu.set_cpu(index);
  cpu.set_board_cpu(seen.board_cpu);
  cpu.set_irqs_masked(seen.irqs_masked);
  cpu.set_ipi_pending(IpiPending(look, index));
  cpu.set_queued_requests(static_cast<std::uint32_t>(std::min<std::uint64_t>(seen.queued(), UINT32_MAX)));
  cpu.set_thread_state(std::string(1, seen.thread.state));
  const std::uint64_t before = evidence.first.cpus[index].thread.ran_nanos;
  const std::uint64_t after = evidence.second.cpus[index].thread.ran_nanos;
  cpu.set_ran_nanos(after > before ? after - before : 0);
  for (const FrameLook& frame : seen.frames) cpu.add_frames(FrameText(evidence, frame));
  cpu.set_ipi_entries(seen.ipi_entries);
  cpu.set_spurious_entries(seen.spurious_entries);
  cpu.set_kicks_sent(seen.kicks_sent);
  for (std::uint32_t lock = 0; lock < look.lock_holders.size(); ++lock) {
    if (look.lock_holders[lock] == index) cpu.add_held_locks(LockName(evidence, lock));
  }
  cpu.set_kernel_pending(absl::StrFormat("%016x", seen.thread.pending));
  cpu.set_kernel_blocked(absl::StrFormat("%016x", seen.thread.blocked));
}

void FillStamp(const Evidence& evidence, const StampLook& seen, v1::HangStamp& stamp) {
  stamp.set_cpu(seen.cpu);
  stamp.set_stage(absl::StrCat(StageName(seen.stamp.stage)));
  stamp.set_at_nanos(evidence.clock.Nanos(seen.stamp.time));
  stamp.set_caller(core::CallerOf(seen.stamp.call));
  stamp.set_call_sequence(core::SequenceOf(seen.stamp.call));
  stamp.set_peer(seen.stamp.peer);
}

}  // namespace

absl::string_view StageName(std::uint16_t stage) {
  return stage < kStageNames.size() ? kStageNames[stage] : absl::string_view("unknown");
}

std::string DescribeCpu(const Look& look, std::uint32_t cpu) {
  return absl::StrCat("CPU ", cpu, look.cpus[cpu].irqs_masked ? " (interrupts masked)" : " (interrupts open)");
}

std::string DescribeWait(const Evidence& evidence, const Look& look, const WaitEdge& edge) {
  const std::string who = DescribeCpu(look, edge.from);
  const CpuLook& waiter = look.cpus[edge.from];
  switch (edge.site) {
    case core::Site::kLock:
    case core::Site::kOwn:
      return absl::StrCat(who, " waits for ", LockName(evidence, waiter.wait_lock.value_or(0)), " held by CPU ",
                          edge.to);
    case core::Site::kClaim:
      return absl::StrCat(who, " waits for a call record still in use by CPU ", edge.to);
    case core::Site::kCompletion:
      if (waiter.wait_call == 0) return absl::StrCat(who, " waits for its earlier calls to CPU ", edge.to);
      return absl::StrCat(who, " waits for completion of its call ", core::SequenceOf(waiter.wait_call), " to CPU ",
                          edge.to);
    case core::Site::kBarrier:
      return absl::StrCat(who, " waits at a barrier for CPU ", edge.to);
    case core::Site::kNone:
      break;
  }
  return absl::StrCat(who, " waits for CPU ", edge.to);
}

void FillReport(const Evidence& evidence, const Look& look, v1::HangReport& report) {
  for (std::uint32_t cpu = 0; cpu < look.cpus.size(); ++cpu) {
    if (look.cpus[cpu].site != core::Site::kNone) FillWait(evidence, look, cpu, *report.add_waits());
    FillCpu(evidence, look, cpu, *report.add_cpus());
  }
  for (const StampLook& stamp : evidence.timeline) FillStamp(evidence, stamp, *report.add_timeline());
}

}  // namespace crosscall::watchdog
