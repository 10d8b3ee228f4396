#include "agent/watchdog/fingerprint.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/core/stage.h"
#include "agent/watchdog/report.h"
#include "proto/shared/hang_text.h"
#include "proto/shared/sanitize.h"

namespace crosscall::watchdog {
namespace {

constexpr std::size_t kMaxBytes = 200;

std::string StateOf(const Evidence& evidence, const CpuLook& cpu) {
  if (!cpu.thread.exists) return "gone";
  if (cpu.thread.state == 'T' || cpu.thread.state == 't') return "stopped";
  std::string state = cpu.irqs_masked ? "masked" : "open";
  // Masked CPUs compute or poll: one that sleeps is kept from it. One that is open may be idle.
  const bool asleep = cpu.thread.state == 'S' || cpu.thread.state == 'D';
  if (cpu.site == core::Site::kNone) return asleep && cpu.irqs_masked ? absl::StrCat(state, ", asleep") : state;
  absl::StrAppend(&state, ", at ", shared::WaitSiteName(static_cast<v1::WaitSite>(cpu.site)));
  const bool named = cpu.site == core::Site::kLock && cpu.wait_lock && *cpu.wait_lock > 0 &&
                     *cpu.wait_lock <= evidence.lock_names.size();
  if (named) absl::StrAppend(&state, " ", evidence.lock_names[*cpu.wait_lock - 1]);
  return state;
}

absl::string_view SymbolOf(core::FrameKind kind) {
  switch (kind) {
    case core::FrameKind::kCall:
      return "call";
    case core::FrameKind::kHandler:
      return "handler";
    case core::FrameKind::kFunction:
      return "fn";
    case core::FrameKind::kDevice:
      return "device";
    case core::FrameKind::kWindow:
      return "window";
    case core::FrameKind::kLockWait:
    case core::FrameKind::kNone:
      break;
  }
  return "";
}

// From the outermost handler inwards: what the program itself is in is no part of the handler.
std::string HandlerOf(const CpuLook& cpu) {
  std::vector<absl::string_view> symbols;
  for (const FrameLook& frame : cpu.frames) {
    const absl::string_view symbol = SymbolOf(frame.kind);
    if (symbol.empty() || (symbols.empty() && frame.kind == core::FrameKind::kCall)) continue;
    symbols.push_back(symbol);
  }
  return symbols.empty() ? "no handler" : absl::StrJoin(symbols, ">");
}

std::uint16_t StageOf(core::CallPhase phase) {
  switch (phase) {
    case core::CallPhase::kEntered:
      return static_cast<std::uint16_t>(core::Stage::kEnter);
    case core::CallPhase::kClaimed:
      return static_cast<std::uint16_t>(core::Stage::kClaim);
    case core::CallPhase::kPublished:
      return static_cast<std::uint16_t>(core::Stage::kPublish);
    case core::CallPhase::kKicked:
      return static_cast<std::uint16_t>(core::Stage::kKicked);
    case core::CallPhase::kSkipped:
      return static_cast<std::uint16_t>(core::Stage::kKickSkipped);
    case core::CallPhase::kNone:
      break;
  }
  return 0;
}

// The frame of the call that a CPU waits in: the one that the wait names, else the innermost.
const FrameLook* WaitingCall(const CpuLook& cpu) {
  const FrameLook* found = nullptr;
  for (const FrameLook& frame : cpu.frames) {
    if (frame.kind == core::FrameKind::kCall && (cpu.wait_call == 0 || frame.call == cpu.wait_call)) found = &frame;
  }
  return found;
}

// Stamps say more than the frame, but old ones are overwritten. They count up in the order in which a call goes on.
std::string LastStage(const Evidence& evidence, const Look& look, const WaitEdge& edge) {
  const FrameLook* const call = WaitingCall(look.cpus[edge.from]);
  if (call == nullptr) return "no call";
  std::uint16_t last = StageOf(call->phase);
  for (const StampLook& seen : evidence.timeline) {
    if (seen.stamp.call != call->call) continue;
    const bool of_target =
        seen.cpu == edge.to || seen.stamp.peer == edge.to || (seen.cpu == edge.from && seen.stamp.peer == kSeveralCpus);
    if (of_target) last = std::max(last, seen.stamp.stage);
  }
  return std::string(StageName(last));
}

}  // namespace

std::string FingerprintOf(const Evidence& evidence, const Look& look, const WaitEdge& edge) {
  const CpuLook& target = look.cpus[edge.to];
  return shared::CleanText(
      absl::StrCat(StateOf(evidence, target), " / ", HandlerOf(target), " / ", LastStage(evidence, look, edge)),
      kMaxBytes);
}

std::string FingerprintOfCycle(const Evidence& evidence, const Look& look, const std::vector<WaitEdge>& cycle) {
  std::vector<std::string> of_calls;
  std::vector<std::string> all;
  for (const WaitEdge& edge : cycle) {
    all.push_back(FingerprintOf(evidence, look, edge));
    if (edge.OnCall()) of_calls.push_back(all.back());
  }
  const std::vector<std::string>& candidates = of_calls.empty() ? all : of_calls;
  return candidates.empty() ? "" : *std::min_element(candidates.begin(), candidates.end());
}

}  // namespace crosscall::watchdog
