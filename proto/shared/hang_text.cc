#include "proto/shared/hang_text.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "proto/shared/exploration_text.h"

namespace crosscall::shared {
namespace {

// The time line has up to 256 stamps, oldest first; a person starts from the end.
constexpr int kTimelineLines = 40;
// A stamp's peer when a call has several targets.
constexpr std::uint32_t kSeveral = 0xffff;

std::string Span(std::uint64_t nanos) {
  if (nanos < 10'000) return absl::StrCat(nanos, " ns");
  if (nanos < 10'000'000) return absl::StrFormat("%.1f us", static_cast<double>(nanos) / 1e3);
  if (nanos < 10'000'000'000) return absl::StrFormat("%.1f ms", static_cast<double>(nanos) / 1e6);
  return absl::StrFormat("%.1f s", static_cast<double>(nanos) / 1e9);
}

template <class Cpus>
std::string CpuNames(const Cpus& cpus) {
  return absl::StrJoin(cpus, ", ", [](std::string* out, std::uint32_t cpu) { absl::StrAppend(out, "CPU ", cpu); });
}

std::string WaitedFor(const v1::HangWait& wait) {
  const std::string owners = CpuNames(wait.for_cpus());
  switch (wait.site()) {
    case v1::WAIT_SITE_LOCK:
      return absl::StrCat("lock ", wait.lock().empty() ? "(unnamed)" : wait.lock(),
                          owners.empty() ? std::string(", which nobody holds") : absl::StrCat(" held by ", owners));
    case v1::WAIT_SITE_OWN:
      return absl::StrCat("the call lock",
                          owners.empty() ? std::string(", which nobody holds") : absl::StrCat(" held by ", owners));
    case v1::WAIT_SITE_CLAIM:
      return absl::StrCat("a call record still in use by ", owners.empty() ? "nobody" : owners);
    case v1::WAIT_SITE_COMPLETION:
      return absl::StrCat("completion of its call to ", owners.empty() ? "nobody" : owners);
    case v1::WAIT_SITE_BARRIER:
      return absl::StrCat("a barrier", owners.empty() ? "" : absl::StrCat(", not reached by ", owners));
    default:
      return "nothing";
  }
}

void AppendWaits(const v1::HangReport& report, std::string& out) {
  if (report.waits().empty()) return;
  absl::StrAppend(&out, "who waits for whom\n");
  for (const v1::HangWait& wait : report.waits()) {
    absl::StrAppend(&out, "  CPU ", wait.cpu(), " waits for ", WaitedFor(wait), ", for ", Span(wait.waited_nanos()));
    if (wait.call_sequence() != 0) absl::StrAppend(&out, " (call ", wait.call_sequence(), ")");
    absl::StrAppend(&out, "\n");
  }
  if (!report.cycle().empty()) {
    absl::StrAppend(&out, "cycle\n  ", absl::StrJoin(report.cycle(), " -> ", [](std::string* text, std::uint32_t cpu) {
      absl::StrAppend(text, "CPU ", cpu);
    }));
    absl::StrAppend(&out, " -> CPU ", report.cycle(0), "\n");
  }
}

void AppendCpus(const v1::HangReport& report, std::string& out) {
  if (report.cpus().empty()) return;
  absl::StrAppend(&out, "CPUs\n");
  for (const v1::HangCpu& cpu : report.cpus()) {
    absl::StrAppend(&out, "  CPU ", cpu.cpu(), " (board CPU ", cpu.board_cpu(), "): interrupts ",
                    cpu.irqs_masked() ? "masked" : "open", ", IPI ", cpu.ipi_pending() ? "pending" : "not pending",
                    ", ", cpu.queued_requests(), " queued, thread ",
                    cpu.thread_state().empty() ? "?" : cpu.thread_state(), ", ran ", Span(cpu.ran_nanos()),
                    " between the looks\n");
    absl::StrAppend(&out, "    kicks sent ", cpu.kicks_sent(), ", IPI entries ", cpu.ipi_entries(), ", spurious ",
                    cpu.spurious_entries(), "\n");
    if (!cpu.held_locks().empty()) absl::StrAppend(&out, "    holds ", absl::StrJoin(cpu.held_locks(), ", "), "\n");
    if (!cpu.frames().empty()) absl::StrAppend(&out, "    stack: ", absl::StrJoin(cpu.frames(), " > "), "\n");
    if (!cpu.kernel_pending().empty() || !cpu.kernel_blocked().empty()) {
      absl::StrAppend(&out, "    signals pending ", cpu.kernel_pending(), ", blocked ", cpu.kernel_blocked(), "\n");
    }
  }
}

void AppendTimeline(const v1::HangReport& report, std::string& out) {
  if (report.timeline().empty()) return;
  const int first = std::max(0, report.timeline_size() - kTimelineLines);
  absl::StrAppend(&out, "last stages, oldest first");
  if (first > 0) absl::StrAppend(&out, " (", first, " earlier ones left out)");
  absl::StrAppend(&out, "\n");
  for (int i = first; i < report.timeline_size(); ++i) {
    const v1::HangStamp& stamp = report.timeline(i);
    absl::StrAppendFormat(&out, "  %15.3f us  CPU %-4u ", static_cast<double>(stamp.at_nanos()) / 1e3, stamp.cpu());
    if (stamp.call_sequence() == 0) {
      absl::StrAppend(&out, stamp.stage());
    } else {
      absl::StrAppendFormat(&out, "%-13s call %u of CPU %u", stamp.stage(), stamp.call_sequence(), stamp.caller());
      if (stamp.cpu() == stamp.caller()) {
        absl::StrAppend(&out, " to ", stamp.peer() == kSeveral ? "several" : absl::StrCat("CPU ", stamp.peer()));
      }
    }
    absl::StrAppend(&out, "\n");
  }
}

}  // namespace

absl::string_view HangClassName(v1::HangClass hang_class) {
  switch (hang_class) {
    case v1::HANG_CLASS_LOST_IPI:
      return "lost IPI";
    case v1::HANG_CLASS_DATA_OVERTAKEN:
      return "data overtaken";
    case v1::HANG_CLASS_MASKED_TARGET:
      return "masked target";
    case v1::HANG_CLASS_LOCK_HELD_BY_CALLER:
      return "lock held by caller";
    case v1::HANG_CLASS_PROXY:
      return "proxy";
    case v1::HANG_CLASS_SLOW_FUNCTION:
      return "slow fn";
    case v1::HANG_CLASS_QUEUED_BEHIND:
      return "queued behind";
    case v1::HANG_CLASS_CYCLIC_QUEUE:
      return "cyclic queue";
    case v1::HANG_CLASS_NOBODY_OWES:
      return "nobody owes anything";
    case v1::HANG_CLASS_TARGET_GONE:
      return "target gone";
    case v1::HANG_CLASS_OVERLOAD:
      return "overload, late";
    case v1::HANG_CLASS_NOT_A_CALL_FAULT:
      return "not a call fault";
    default:
      return "unknown";
  }
}

absl::string_view WaitSiteName(v1::WaitSite site) {
  switch (site) {
    case v1::WAIT_SITE_LOCK:
      return "lock";
    case v1::WAIT_SITE_OWN:
      return "own";
    case v1::WAIT_SITE_CLAIM:
      return "claim";
    case v1::WAIT_SITE_COMPLETION:
      return "completion";
    case v1::WAIT_SITE_BARRIER:
      return "barrier";
    default:
      return "none";
  }
}

std::string HangText(const v1::HangReport& report) {
  std::string out = absl::StrCat("HANG: ", HangClassName(report.hang_class()), report.late() ? " (late, not lost)" : "",
                                 ", declared ", Span(report.detection_nanos()), " after the deadline\n");
  if (!report.name().empty()) absl::StrAppend(&out, report.name(), "\n");
  if (!report.summary().empty()) absl::StrAppend(&out, report.summary(), "\n");
  if (!report.fingerprint().empty()) absl::StrAppend(&out, "fingerprint  ", report.fingerprint(), "\n");
  AppendWaits(report, out);
  AppendCpus(report, out);
  AppendTimeline(report, out);
  if (!report.probe().empty()) absl::StrAppend(&out, "probe\n  ", report.probe(), "\n");
  if (!report.reasoning().empty()) {
    absl::StrAppend(&out, "why this class\n");
    for (const std::string& step : report.reasoning()) absl::StrAppend(&out, "  - ", step, "\n");
  }
  if (report.has_known_finding()) {
    absl::StrAppend(&out, "known to the explorer: ", report.known_finding().name(), "\n",
                    ExplorationText(report.known_finding().exploration()));
  }
  return out;
}

}  // namespace crosscall::shared
