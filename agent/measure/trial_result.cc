#include "agent/measure/trial_result.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/measure/interrupts.h"
#include "agent/measure/validity.h"
#include "agent/ports/board_clock.h"

namespace crosscall::measure {
namespace {

// As result.proto limits them.
constexpr std::size_t kMaxMisuses = 64;
constexpr std::size_t kMaxReasonBytes = 4096;

std::uint64_t NotBelowZero(std::uint64_t from, std::uint64_t less) { return from > less ? from - less : 0; }

CpuEvidence EvidenceOf(const FinishedTrial& trial, const std::vector<v1::InterruptRow>& rows, core::CpuId cpu) {
  const core::CpuState& state = trial.region.cpu(cpu);
  const IpiCounts& ipis = trial.session.recorder().ipis(cpu);
  const std::uint64_t lost = core::Peek(state.kicks_lost);
  CpuEvidence evidence;
  evidence.cpu = cpu;
  evidence.board_cpu = trial.plan.board_cpus[cpu];
  evidence.expected_entries = NotBelowZero(ipis.kicks.expected, lost);
  evidence.seen_entries = ipis.entries;
  if (trial.plan.kernel_counts_kicks[cpu]) {
    evidence.expected_interrupts = NotBelowZero(ipis.kicks.open, lost);
    evidence.seen_interrupts = SignalInterrupts(rows, evidence.board_cpu);
    evidence.interrupts_known = HasSignalRows(rows, evidence.board_cpu);
  }
  evidence.involuntary_switches = trial.session.usage(cpu).involuntary_switches;
  evidence.migrations = trial.session.migrations(cpu);
  return evidence;
}

Evidence EvidenceOf(const FinishedTrial& trial, const v1::TrialResult& result) {
  const std::vector<v1::InterruptRow> rows(result.ipis().interrupts().begin(), result.ipis().interrupts().end());
  Evidence evidence;
  evidence.calls = result.calls();
  evidence.refused_calls = result.refused_calls();
  evidence.violations = result.violations();
  evidence.first_violation = trial.machine.FirstViolation();
  evidence.elapsed_nanos = result.elapsed_nanos();
  evidence.median_nanos = trial.session.recorder().book().whole().Quantile(0.5);
  evidence.steal_nanos = result.disturbance().steal_nanos();
  evidence.lost_stamps = trial.session.recorder().lost_stamps() + trial.session.lost_starts();
  evidence.broken_calls = trial.session.recorder().broken_calls();
  evidence.oversubscribed = trial.plan.oversubscribed;
  for (core::CpuId cpu = 0; cpu < trial.region.cpu_count(); ++cpu) {
    evidence.cpus.push_back(EvidenceOf(trial, rows, cpu));
  }
  return evidence;
}

void FillCounts(const FinishedTrial& trial, v1::TrialResult& result) {
  const scenario::RoundCounts& counts = trial.session.counts();
  // Busy async calls and calls to offline CPUs did nothing either.
  const std::uint64_t refused = counts.refused + counts.busy + counts.unreachable;
  result.set_calls(NotBelowZero(counts.calls, refused));
  result.set_refused_calls(refused);
  result.set_violations(counts.violations);
  result.set_elapsed_nanos(trial.session.elapsed_nanos());
  result.set_seed(trial.plan.spec.seed());
  for (std::string& text : trial.machine.Misuses(kMaxMisuses)) result.add_misuses(std::move(text));
}

void FillIpis(const FinishedTrial& trial, v1::IpiAccounting& ipis) {
  const Recorder& recorder = trial.session.recorder();
  std::uint64_t expected = 0;
  std::uint64_t seen = 0;
  std::uint64_t merged = 0;
  std::uint64_t sent = 0;
  std::uint64_t skipped = 0;
  std::uint64_t spurious = 0;
  for (core::CpuId cpu = 0; cpu < trial.region.cpu_count(); ++cpu) {
    const core::CpuState& state = trial.region.cpu(cpu);
    const LedgerCounts& kicks = recorder.ipis(cpu).kicks;
    expected += NotBelowZero(kicks.expected, core::Peek(state.kicks_lost));
    seen += recorder.ipis(cpu).entries;
    merged += kicks.merged;
    sent += core::Peek(state.kicks_sent);
    skipped += core::Peek(state.kicks_skipped);
    spurious += core::Peek(state.spurious_entries);
  }
  ipis.set_expected(expected);
  ipis.set_seen(seen);
  ipis.set_kicks_sent(sent);
  ipis.set_kicks_skipped(skipped);
  ipis.set_spurious(spurious);
  ipis.set_merged(merged);
  ipis.set_device_interrupts(recorder.device_interrupts());
  for (v1::InterruptRow& row :
       InterruptRows(trial.session.kernel_before(), trial.session.kernel_after(), trial.plan.board_cpus)) {
    *ipis.add_interrupts() = std::move(row);
  }
}

void FillOverhead(const FinishedTrial& trial, v1::Overhead& overhead) {
  const Costs& costs = trial.session.costs();
  overhead.set_clock_read_nanos(costs.clock_read_nanos);
  overhead.set_empty_call_nanos(costs.empty_call_nanos);
  overhead.set_clock_skew_nanos(costs.clock_skew_nanos);
  overhead.set_clock(ports::BoardClock::Get().name());
  overhead.set_ticks_per_second(TickScale(trial.region.header().clock_mult).TicksPerSecond());
}

void FillDisturbance(const FinishedTrial& trial, v1::Disturbance& disturbance) {
  ThreadUsage usage;
  std::uint64_t migrations = 0;
  for (core::CpuId cpu = 0; cpu < trial.region.cpu_count(); ++cpu) {
    usage += trial.session.usage(cpu);
    migrations += trial.session.migrations(cpu);
  }
  disturbance.set_steal_nanos(
      StealNanos(trial.session.kernel_before(), trial.session.kernel_after(), trial.plan.board_cpus));
  disturbance.set_involuntary_switches(usage.involuntary_switches);
  disturbance.set_voluntary_switches(usage.voluntary_switches);
  disturbance.set_page_faults(usage.page_faults);
  disturbance.set_migrations(migrations);
}

void FillScheduling(const FinishedTrial& trial, v1::Environment& environment) {
  const ports::Scheduling& scheduling = trial.port.scheduling();
  environment.set_scheduling(scheduling.realtime ? absl::StrCat("SCHED_FIFO:", ports::kCpuPriority) : "SCHED_OTHER");
  if (!scheduling.realtime || !scheduling.memory_locked) environment.set_scheduling_note(scheduling.note);
  environment.set_memory_locked(scheduling.memory_locked);
  environment.set_target_state(std::string(TargetStateName(trial.plan.spec.target_state())));
}

}  // namespace

v1::TrialResult AssembleResult(const FinishedTrial& trial, v1::Environment environment) {
  v1::TrialResult result;
  FillCounts(trial, result);
  trial.session.recorder().book().Fill(result);
  FillIpis(trial, *result.mutable_ipis());
  FillOverhead(trial, *result.mutable_overhead());
  FillDisturbance(trial, *result.mutable_disturbance());
  FillScheduling(trial, environment);
  *result.mutable_environment() = std::move(environment);
  Verdict verdict = Judge(EvidenceOf(trial, result));
  result.set_outcome(verdict.outcome);
  verdict.reason.resize(std::min(verdict.reason.size(), kMaxReasonBytes));
  result.set_reason(std::move(verdict.reason));
  return result;
}

}  // namespace crosscall::measure
