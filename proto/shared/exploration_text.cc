#include "proto/shared/exploration_text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace crosscall::shared {
namespace {

void AppendWay(const v1::Exploration& exploration, std::string& out) {
  if (exploration.trace().empty()) return;
  std::size_t widest = 0;
  for (const v1::ExplorationStep& step : exploration.trace()) widest = std::max(widest, step.op().size());
  absl::StrAppend(&out, "a shortest way there\n");
  int number = 0;
  for (const v1::ExplorationStep& step : exploration.trace()) {
    absl::StrAppendFormat(&out, "  %4d  CPU %u  ", ++number, step.cpu());
    if (step.stage().empty()) {
      absl::StrAppend(&out, step.op(), "\n");
    } else {
      absl::StrAppendFormat(&out, "%-*s  %s\n", static_cast<int>(widest), step.op(), step.stage());
    }
  }
}

void AppendWaits(const v1::Exploration& exploration, std::string& out) {
  if (exploration.waits().empty()) return;
  absl::StrAppend(&out, "who waits for what at its end\n");
  for (const v1::ExplorationWait& wait : exploration.waits()) {
    absl::StrAppend(&out, "  CPU ", wait.cpu(), " waits for ", wait.waits_for(), ", interrupts ",
                    wait.masked() ? "masked" : "open", wait.ipi_pending() ? ", IPI pending" : "", "\n");
  }
}

}  // namespace

absl::string_view VerdictName(v1::Exploration::Verdict verdict) {
  switch (verdict) {
    case v1::Exploration::VERDICT_COMPLETES:
      return "completes";
    case v1::Exploration::VERDICT_REFUSED:
      return "refused";
    case v1::Exploration::VERDICT_DEADLOCK:
      return "deadlock";
    case v1::Exploration::VERDICT_LIVELOCK:
      return "livelock";
    case v1::Exploration::VERDICT_VIOLATION:
      return "violation";
    default:
      return "unknown";
  }
}

absl::string_view MemoryModelName(v1::MemoryModel memory) {
  switch (memory) {
    case v1::MEMORY_MODEL_SC:
      return "sc";
    case v1::MEMORY_MODEL_WEAK:
      return "weak";
    default:
      return "";
  }
}

absl::string_view TargetSystemName(v1::TargetSystem system) {
  switch (system) {
    case v1::TARGET_SYSTEM_UNSPECIFIED:
    case v1::TARGET_SYSTEM_SIGNAL:
      return "signal";
    case v1::TARGET_SYSTEM_EXPLORE:
      return "explore";
    default:
      return "unknown";
  }
}

std::string ExplorationText(const v1::Exploration& exploration) {
  std::string out = absl::StrCat("VERDICT: ", VerdictName(exploration.verdict()));
  if (!exploration.reason().empty()) absl::StrAppend(&out, " (", exploration.reason(), ")");
  absl::StrAppendFormat(&out, "\nmemory %s, %u states, %u executions, %u steps, %.1f s\n",
                        MemoryModelName(exploration.memory()), exploration.states(), exploration.executions(),
                        exploration.steps(), static_cast<double>(exploration.elapsed_nanos()) / 1e9);
  AppendWay(exploration, out);
  AppendWaits(exploration, out);
  return out;
}

std::string ExplorationSummary(const v1::Exploration& exploration) {
  if (exploration.waits().empty() || !exploration.reason().empty()) return exploration.reason();
  return absl::StrCat(exploration.trace_size(), " steps: ",
                      absl::StrJoin(exploration.waits(), "; ", [](std::string* out, const v1::ExplorationWait& wait) {
                        absl::StrAppend(out, "CPU ", wait.cpu(), " waits for ", wait.waits_for());
                      }));
}

}  // namespace crosscall::shared
