#include "agent/scenario/operation_text.h"

#include "absl/strings/str_cat.h"

namespace crosscall::scenario {
namespace {

std::string TargetText(const CompiledScenario& scenario, const Op& op) {
  if (op.form == TargetForm::kSelf) return "self";
  if (op.form == TargetForm::kOthers) return "others";
  const bool single = op.kind == OpKind::kCallSingle || op.kind == OpKind::kCallAsync;
  return single ? absl::StrCat(op.index) : CpuSetText(scenario.view().sets[op.index]);
}

std::string CallText(const CompiledScenario& scenario, const Op& op, const char* word) {
  std::string text = absl::StrCat(word, " ", TargetText(scenario, op), " ", scenario.function_names()[op.function]);
  if (op.kind != OpKind::kCallAsync) absl::StrAppend(&text, op.wait != 0 ? " wait" : " nowait");
  return text;
}

}  // namespace

std::string CpuSetText(const core::CpuSet& cpus) {
  std::string text;
  for (core::CpuId cpu = cpus.Lowest(); cpu != core::kNoCpu;) {
    core::CpuId last = cpu;
    while (cpus.Has(last + 1)) ++last;
    absl::StrAppend(&text, text.empty() ? "" : ",", cpu);
    if (last > cpu) absl::StrAppend(&text, last == cpu + 1 ? "," : "-", last);
    cpu = cpus.Next(last + 1);
  }
  return text;
}

std::string OperationText(const CompiledScenario& scenario, core::u32 op_index) {
  const Op& op = scenario.view().ops[op_index];
  switch (op.kind) {
    case OpKind::kEnd:
      return "end";
    case OpKind::kIrqOff:
      return "irq_off";
    case OpKind::kIrqOn:
      return "irq_on";
    case OpKind::kLock:
      return absl::StrCat("lock ", scenario.lock_names()[op.index]);
    case OpKind::kUnlock:
      return absl::StrCat("unlock ", scenario.lock_names()[op.index]);
    case OpKind::kLockIrqsave:
      return absl::StrCat("lock_irqsave ", scenario.lock_names()[op.index]);
    case OpKind::kUnlockIrqrestore:
      return absl::StrCat("unlock_irqrestore ", scenario.lock_names()[op.index]);
    case OpKind::kCallSingle:
    case OpKind::kCallMany:
      return CallText(scenario, op, "call");
    case OpKind::kRunOn:
      return CallText(scenario, op, "run_on");
    case OpKind::kCallAsync:
      return CallText(scenario, op, "call_async");
    case OpKind::kWaitAll:
      return "wait_all";
    case OpKind::kWork:
      return absl::StrCat("work ", op.value, "ns");
    case OpKind::kIdle:
      return absl::StrCat("idle ", op.value, "ns");
    case OpKind::kBarrier:
      return absl::StrCat("barrier ", scenario.barrier_names()[op.index]);
    case OpKind::kRepeat:
      return absl::StrCat("repeat ", op.value);
    case OpKind::kRepeatEnd:
      return "end of repeat";
    case OpKind::kOffline:
      return "offline";
    case OpKind::kOnline:
      return "online";
  }
  return "unknown";
}

}  // namespace crosscall::scenario
