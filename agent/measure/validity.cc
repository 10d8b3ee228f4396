#include "agent/measure/validity.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace crosscall::measure {
namespace {

using Reason = std::optional<std::string>;

double Share(std::uint64_t part, std::uint64_t whole) { return static_cast<double>(part) / static_cast<double>(whole); }

std::string Name(const CpuEvidence& cpu) { return absl::StrCat("CPU ", cpu.cpu, " (board CPU ", cpu.board_cpu, ")"); }

bool TooFew(std::uint64_t seen, std::uint64_t expected) {
  if (seen + kMissingSlack >= expected) return false;
  return static_cast<double>(seen) < kMinSeenShare * static_cast<double>(expected);
}

Reason Violation(const Evidence& evidence) {
  if (evidence.violations == 0) return std::nullopt;
  return absl::StrCat("violation: ", evidence.violations, " wrong values, the first: ",
                      evidence.first_violation.empty() ? "not known" : evidence.first_violation,
                      ". Calls did not do what calls promise, so their latencies measure nothing. Keep this result and "
                      "explore the scenario");
}

Reason Oversubscribed(const Evidence& evidence) {
  if (!evidence.oversubscribed) return std::nullopt;
  return std::string(
      "oversubscribed: scenario CPUs shared a board CPU, so latencies contain the scheduler's time slices. Use it to "
      "look for hangs only; for latencies run on as many board CPUs as the scenario has");
}

Reason Stamps(const Evidence& evidence) {
  if (evidence.lost_stamps != 0) {
    return absl::StrCat("recording: ", evidence.lost_stamps,
                        " stamps were overwritten before they were read, since one round of the programs makes too "
                        "many calls. Lower the scenario's repeat counts");
  }
  if (evidence.broken_calls != 0) {
    return absl::StrCat("recording: the stamps of ", evidence.broken_calls,
                        " calls do not add up, so their latency is unknown. Report this as a fault of crosscall");
  }
  return std::nullopt;
}

Reason Migrated(const CpuEvidence& cpu) {
  if (cpu.migrations == 0) return std::nullopt;
  return absl::StrCat(Name(cpu), " was not on its CPU: its thread was met on another one ", cpu.migrations,
                      " times, so its partners did not interrupt another CPU. Let nothing else set the worker's "
                      "affinity (cgroup cpusets, irqbalance-like daemons, CPU hotplug)");
}

Reason MissingEntries(const CpuEvidence& cpu) {
  if (!TooFew(cpu.seen_entries, cpu.expected_entries)) return std::nullopt;
  return absl::StrCat("ipi_missing: ", Name(cpu), " entered its handler ", cpu.seen_entries, " times for ",
                      cpu.expected_entries, " kicks that each should have led to an entry, fewer than ",
                      kMinSeenShare * 100, " %. Look for lost IPIs");
}

Reason MissingInterrupts(const CpuEvidence& cpu) {
  if (!cpu.interrupts_known) return std::nullopt;
  // A kick that finds the thread descheduled raises no interrupt; the switches are judged by their own rule.
  if (!TooFew(cpu.seen_interrupts + cpu.involuntary_switches, cpu.expected_interrupts)) return std::nullopt;
  return absl::StrCat("ipi_missing: the kernel counted ", cpu.seen_interrupts, " interrupts on ", Name(cpu), " for ",
                      cpu.expected_interrupts, " kicks, fewer than ", kMinSeenShare * 100,
                      " %: the partner was not running on its CPU when it was called. Free that CPU, or allow "
                      "SCHED_FIFO (RLIMIT_RTPRIO)");
}

Reason Switched(const Evidence& evidence) {
  std::uint64_t switches = 0;
  for (const CpuEvidence& cpu : evidence.cpus) switches += cpu.involuntary_switches;
  const std::uint64_t calls = evidence.calls + evidence.refused_calls;
  if (evidence.median_nanos < kShortestAbsenceNanos) return std::nullopt;
  if (switches <= kSwitchSlack || calls == 0 || Share(switches, calls) <= kMaxSwitchesPerCall) return std::nullopt;
  return absl::StrCat("disturbed: the CPU threads were descheduled ", switches, " times during ", calls,
                      " calls, so most calls waited for the scheduler. Free the CPUs (isolcpus, less load), or allow "
                      "SCHED_FIFO (RLIMIT_RTPRIO)");
}

Reason Stolen(const Evidence& evidence) {
  const std::uint64_t cpus = std::max<std::uint64_t>(1, evidence.cpus.size());
  const std::uint64_t total = std::max<std::uint64_t>(1, evidence.elapsed_nanos * cpus);
  if (evidence.steal_nanos <= kStealSlackNanos * cpus || Share(evidence.steal_nanos, total) <= kMaxStealShare) {
    return std::nullopt;
  }
  return absl::StrFormat(
      "disturbed: the hypervisor took %.1f %% of the CPUs' time, more than %.0f %%. Give the guest CPUs of its own, or "
      "repeat when the host is quiet",
      100 * Share(evidence.steal_nanos, total), 100 * kMaxStealShare);
}

Reason FirstOfCpus(const Evidence& evidence, Reason (*rule)(const CpuEvidence&)) {
  for (const CpuEvidence& cpu : evidence.cpus) {
    if (Reason reason = rule(cpu)) return reason;
  }
  return std::nullopt;
}

Reason WhyInvalid(const Evidence& evidence) {
  if (Reason reason = Violation(evidence)) return reason;
  if (Reason reason = Oversubscribed(evidence)) return reason;
  if (Reason reason = Stamps(evidence)) return reason;
  if (Reason reason = FirstOfCpus(evidence, Migrated)) return reason;
  if (Reason reason = FirstOfCpus(evidence, MissingEntries)) return reason;
  if (Reason reason = FirstOfCpus(evidence, MissingInterrupts)) return reason;
  if (Reason reason = Switched(evidence)) return reason;
  return Stolen(evidence);
}

}  // namespace

Verdict Judge(const Evidence& evidence) {
  // A refusal is an answer, not a measurement: nothing can disturb it.
  if (evidence.calls == 0 && evidence.refused_calls != 0 && evidence.violations == 0) {
    return {v1::OUTCOME_REFUSED,
            absl::StrCat("the implementation refused all ", evidence.refused_calls,
                         " calls of this scenario (a wait that it does not allow there, or a CPU that is offline). "
                         "Choose another wait policy to see calls")};
  }
  if (Reason reason = WhyInvalid(evidence)) return {v1::OUTCOME_INVALID, *std::move(reason)};
  return {};
}

}  // namespace crosscall::measure
