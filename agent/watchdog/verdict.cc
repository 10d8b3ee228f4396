#include "agent/watchdog/verdict.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/watchdog/decision.h"
#include "agent/watchdog/fingerprint.h"
#include "agent/watchdog/report.h"
#include "agent/watchdog/wait_graph.h"
#include "proto/shared/hang_text.h"

namespace crosscall::watchdog {
namespace {

// Everything decided about one hang before the probe.
struct Decision {
  std::uint32_t waiter = 0;
  bool late = false;
  WaitWalk walk;
  std::vector<WaitEdge> cycle;
  std::optional<WaitEdge> edge;  // the pair that the finding is about
  Finding finding;
  std::vector<std::string> reasoning;
};

// The outermost call on the stack, or the wait, is the same one.
bool SamePosition(const CpuLook& a, const CpuLook& b) {
  const auto outermost = [](const CpuLook& cpu) {
    for (const FrameLook& frame : cpu.frames) {
      if (frame.kind == core::FrameKind::kCall) return frame.call;
    }
    return std::uint64_t{0};
  };
  if (outermost(a) != 0 || outermost(b) != 0) return outermost(a) == outermost(b);
  return a.site == b.site && a.wait_call == b.wait_call && a.calls_returned == b.calls_returned;
}

std::optional<std::uint32_t> StillOverdue(const Evidence& evidence) {
  for (const Overdue& overdue : evidence.overdue) {
    if (SamePosition(evidence.first.cpus[overdue.cpu], evidence.second.cpus[overdue.cpu])) return overdue.cpu;
  }
  return std::nullopt;
}

// Nobody is overdue in a call: take a CPU that waits at all, else one whose thread is gone, else the first.
std::uint32_t AnyWaiter(const Look& look) {
  for (std::uint32_t cpu = 0; cpu < look.cpus.size(); ++cpu) {
    if (!look.cpus[cpu].finished && look.cpus[cpu].site != core::Site::kNone) return cpu;
  }
  for (std::uint32_t cpu = 0; cpu < look.cpus.size(); ++cpu) {
    if (!look.cpus[cpu].finished) return cpu;
  }
  return 0;
}

bool ClockWentBack(const Evidence& evidence, std::uint32_t cpu) {
  return evidence.second.cpus[cpu].newest_stamp_time < evidence.first.cpus[cpu].newest_stamp_time;
}

// The lowest step convicts; of equals the lower CPU, as edges are ascending.
void DecideOpenEnd(const TwoLooks& looks, Decision& decision) {
  const std::uint32_t end = decision.walk.end(decision.waiter);
  std::vector<WaitEdge> edges = EdgesFrom(looks.now, end);
  if (edges.empty() && !decision.walk.path.empty()) edges.push_back(decision.walk.path.back());
  if (edges.empty()) {
    decision.finding = DecideBusyCaller(looks, end);
    return;
  }
  for (const WaitEdge& edge : edges) {
    Finding finding = DecideEdge(looks, edge);
    if (decision.edge && finding.step >= decision.finding.step) continue;
    decision.edge = edge;
    decision.finding = std::move(finding);
  }
}

void DecideWaits(const TwoLooks& looks, Decision& decision) {
  decision.walk = FollowWaits(looks.now, decision.waiter);
  const Finding alive = Alive(looks, decision.waiter);
  if (alive.starved || alive.hang_class != v1::HANG_CLASS_UNSPECIFIED) {
    decision.finding = alive;
    return;
  }
  if (decision.walk.cycle_at) {
    decision.cycle.assign(decision.walk.path.begin() + static_cast<std::ptrdiff_t>(*decision.walk.cycle_at),
                          decision.walk.path.end());
    decision.finding = DecideCycle(looks.now, decision.cycle);
    return;
  }
  DecideOpenEnd(looks, decision);
}

// A call that completed after all was not lost; what held it up may still show in the first look.
void JudgeLate(Decision& decision) {
  switch (decision.finding.hang_class) {
    case v1::HANG_CLASS_SLOW_FUNCTION:
    case v1::HANG_CLASS_QUEUED_BEHIND:
    case v1::HANG_CLASS_MASKED_TARGET:
    case v1::HANG_CLASS_LOCK_HELD_BY_CALLER:
    case v1::HANG_CLASS_PROXY:
      return;
    default:
      decision.reasoning.push_back(absl::StrCat("at the deadline it looked like \"",
                                                shared::HangClassName(decision.finding.hang_class),
                                                "\", but the call completed without help"));
      decision.finding.hang_class = v1::HANG_CLASS_OVERLOAD;
      decision.finding.starved = false;
      decision.finding.reason = "the call completed after its deadline";
  }
}

// So often on a processor, a thread had its chance: it takes a signal as soon as it runs.
constexpr std::uint64_t kFairSlices = 3;

// Between half of the deadline and the declaration the thread mostly stood ready and waited for a processor.
bool StarvedBefore(const Evidence& evidence, std::uint32_t cpu) {
  if (!evidence.half_way || evidence.since_half_way <= absl::ZeroDuration()) return false;
  const ThreadLook& before = evidence.half_way->cpus[cpu].thread;
  const ThreadLook& now = evidence.first.cpus[cpu].thread;
  const std::uint64_t runnable =
      now.runnable_nanos > before.runnable_nanos ? now.runnable_nanos - before.runnable_nanos : 0;
  return absl::Nanoseconds(static_cast<std::int64_t>(runnable)) > evidence.since_half_way / 2 &&
         now.time_slices - before.time_slices < kFairSlices;
}

// Those on whom the late call hung at the declaration: the CPUs that still owed their part, else the caller itself.
std::vector<std::uint32_t> Owing(const Look& look, std::uint32_t waiter) {
  std::vector<std::uint32_t> owing;
  for (const WaitEdge& edge : EdgesFrom(look, waiter)) {
    const CpuLook& target = look.cpus[edge.to];
    if (!edge.OnCall() || target.queued() > 0 || RunsFunctionOf(target, waiter)) owing.push_back(edge.to);
  }
  if (owing.empty()) owing.push_back(waiter);
  return owing;
}

void CheckLateStarvation(const Evidence& evidence, Decision& decision) {
  for (const std::uint32_t cpu : Owing(evidence.first, decision.waiter)) {
    if (!StarvedBefore(evidence, cpu)) continue;
    decision.finding.starved = true;
    decision.finding.reason = absl::StrCat("CPU ", cpu, " stood ready to run and waited for a processor while the ",
                                           "deadline passed; the call completed afterwards");
    return;
  }
}

Decision Decide(const Evidence& evidence) {
  Decision decision;
  const std::optional<std::uint32_t> still = StillOverdue(evidence);
  decision.late = !evidence.overdue.empty() && !still;
  if (decision.late) {
    decision.waiter = evidence.overdue.front().cpu;
    decision.reasoning.push_back(absl::StrCat("step 1: CPU ", decision.waiter,
                                              " was overdue and has got on when looked at again: late, not lost"));
    // What held it up can only be told from before it got on.
    const Look& before = evidence.half_way ? *evidence.half_way : evidence.first;
    const absl::Duration gap = evidence.half_way ? evidence.since_half_way : absl::ZeroDuration();
    DecideWaits({before, evidence.first, gap}, decision);
    JudgeLate(decision);
    CheckLateStarvation(evidence, decision);
    return decision;
  }
  decision.waiter = still ? *still : AnyWaiter(evidence.second);
  decision.reasoning.push_back(
      absl::StrCat("step 1: CPU ", decision.waiter,
                   still ? " is in the same call in both looks" : " does not get on; no call is overdue"));
  if (ClockWentBack(evidence, decision.waiter)) {
    decision.finding = {v1::HANG_CLASS_NOT_A_CALL_FAULT, false, 1, decision.waiter, "its clock jumped back"};
    return decision;
  }
  DecideWaits({evidence.first, evidence.second, evidence.gap}, decision);
  return decision;
}

// Step 8: what the re-sent IPI did.
void JudgeProbe(const Evidence& evidence, Decision& decision, v1::HangReport& report) {
  const std::uint32_t target = *evidence.probed_cpu;
  const CpuLook& before = evidence.second.cpus[target];
  const CpuLook& after = evidence.probed->cpus[target];
  const bool freed = after.requests_taken != before.requests_taken ||
                     !SamePosition(evidence.second.cpus[decision.waiter], evidence.probed->cpus[decision.waiter]);
  const std::string sent = absl::StrCat("one IPI re-sent to CPU ", target, ": ");
  if (freed) {
    report.set_probe(sent + "it freed the call at once");
  } else if (after.ipi_entries != before.ipi_entries) {
    report.set_probe(sent + "it was taken and found nothing");
    decision.finding.hang_class = v1::HANG_CLASS_DATA_OVERTAKEN;
  } else if (IpiPending(*evidence.probed, target) && after.ipis_barred) {
    report.set_probe(sent + "it stays pending, the CPU bars IPIs");
    decision.finding.hang_class = v1::HANG_CLASS_MASKED_TARGET;
  } else {
    report.set_probe(sent + "no effect");
    decision.finding.hang_class = v1::HANG_CLASS_TARGET_GONE;
  }
  decision.reasoning.push_back(absl::StrCat("step 8: ", report.probe()));
}

std::string Summary(const Evidence& evidence, const Decision& decision) {
  const Look& look = decision.late ? evidence.first : evidence.second;
  std::vector<WaitEdge> told = decision.walk.path;
  if (decision.edge &&
      (told.empty() || told.back().from != decision.edge->from || told.back().to != decision.edge->to)) {
    told.push_back(*decision.edge);
  }
  std::string summary;
  for (const WaitEdge& edge : told) absl::StrAppend(&summary, DescribeWait(evidence, look, edge), "; ");
  if (told.empty()) summary = absl::StrCat(DescribeCpu(look, decision.waiter), " does not get on; ");
  if (!decision.cycle.empty()) absl::StrAppend(&summary, "a cycle; ");
  return absl::StrCat(summary, decision.finding.reason);
}

}  // namespace

std::optional<std::uint32_t> WantsProbe(const Evidence& evidence) {
  if (evidence.second.ipi_signal == 0) return std::nullopt;
  const Decision decision = Decide(evidence);
  if (decision.late || decision.finding.step != 7) return std::nullopt;
  if (decision.finding.hang_class != v1::HANG_CLASS_LOST_IPI) return std::nullopt;
  return decision.finding.culprit;
}

Verdict Judge(const Evidence& evidence) {
  Decision decision = Decide(evidence);
  Verdict verdict;
  if (decision.finding.starved) {
    verdict.starved = true;
    verdict.starved_reason = decision.finding.reason;
    return verdict;
  }
  v1::HangReport& report = verdict.report;
  decision.reasoning.push_back(absl::StrCat("step ", decision.finding.step, ": ", decision.finding.reason));
  if (evidence.probed && evidence.probed_cpu) JudgeProbe(evidence, decision, report);
  report.set_hang_class(decision.finding.hang_class);
  report.set_late(decision.late);
  report.set_summary(Summary(evidence, decision));
  report.set_detection_nanos(static_cast<std::uint64_t>(absl::ToInt64Nanoseconds(evidence.detection)));
  for (const WaitEdge& edge : decision.cycle) report.add_cycle(edge.from);
  for (const std::string& line : decision.reasoning) report.add_reasoning(line);
  const Look& look = decision.late ? evidence.first : evidence.second;
  FillReport(evidence, look, report);
  // Without a wait the CPU that does not get on is its own target.
  const WaitEdge alone = {.from = decision.waiter, .to = decision.finding.culprit};
  report.set_fingerprint(decision.cycle.empty() ? FingerprintOf(evidence, look, decision.edge.value_or(alone))
                                                : FingerprintOfCycle(evidence, look, decision.cycle));
  return verdict;
}

}  // namespace crosscall::watchdog
