#include "tests/explore/cross_check/pair.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "agent/scenario/compile.h"

namespace crosscall::cross_check {
namespace {

using explore::Verdict;

std::string TraceText(const explore::Trace& trace) {
  std::string text;
  for (const explore::TraceLine& line : trace.lines) {
    absl::StrAppend(&text, "    CPU ", line.cpu, ": ", line.op, line.stage.empty() ? "" : ": ", line.stage, "\n");
  }
  for (const explore::WaitLine& wait : trace.waits) {
    absl::StrAppend(&text, "    at the end CPU ", wait.cpu, wait.masked ? " (masked)" : "", " waits for ",
                    wait.waits_for, "\n");
  }
  return text;
}

std::string PairText(const v1::Scenario& scenario, const explore::Exploration& exploration) {
  char name[core::kImplementationNameBytes];
  core::Format(exploration.implementation, name, sizeof name);
  return absl::StrCat(scenario.id(), " ", name);
}

std::string FindingText(const explore::Exploration& exploration) {
  const explore::Finding& finding = exploration.finding;
  return absl::StrCat("  the explorer: ", explore::VerdictName(finding.verdict), finding.reason.empty() ? "" : ", ",
                      finding.reason, ", ", finding.states, " states\n", TraceText(exploration.trace));
}

const char* EndingText(Ending ending) {
  switch (ending) {
    case Ending::kEnded:
      return "ended";
    case Ending::kHung:
      return "hung";
    case Ending::kDied:
      return "died";
    case Ending::kUnclear:
      return "neither ended nor provably hung";
  }
  return "unknown";
}

// Whether the explorer's account of a wait (agent/explore/trace.cc) is of that site.
bool IsOf(absl::string_view waits_for, core::Site site) {
  switch (site) {
    case core::Site::kLock:
      return absl::StartsWith(waits_for, "lock ");
    case core::Site::kOwn:
      return absl::StartsWith(waits_for, "the call lock");
    case core::Site::kClaim:
      return absl::StartsWith(waits_for, "its record");
    case core::Site::kCompletion:
      return absl::StartsWith(waits_for, "completion ");
    case core::Site::kBarrier:
      return absl::StartsWith(waits_for, "barrier ") || absl::StartsWith(waits_for, "CPUs that enter or leave");
    case core::Site::kNone:
      return absl::StartsWith(waits_for, "an internal lock");
  }
  return false;
}

void Count(const explore::Exploration& exploration, const RunOutcome& outcome, Tally& tally) {
  if (outcome.ending == Ending::kHung) {
    ++(HungAsTold(exploration.trace, outcome) ? tally.hung_as_predicted : tally.hung_otherwise);
  } else if (exploration.finding.verdict == Verdict::kDeadlock) {
    ++tally.ended_despite_deadlock;
  } else {
    ++tally.ended_as_predicted;
  }
}

// The points of a CPU up to where the explorer's shortest way to the end leaves it: its steps, and as many that the
// explorer passes over since nobody else sees them.
std::uint64_t HorizonOf(const explore::Schedule& schedule, std::uint32_t cpus) {
  std::vector<std::uint64_t> steps(cpus);
  for (const explore::Choice& choice : schedule) ++steps[choice.cpu];
  return 2 * *std::max_element(steps.begin(), steps.end());
}

}  // namespace

bool HungAsTold(const explore::Trace& trace, const RunOutcome& outcome) {
  const auto told = [&trace](const RunWait& seen) {
    return std::any_of(trace.waits.begin(), trace.waits.end(), [&seen](const explore::WaitLine& wait) {
      return wait.cpu == seen.cpu && IsOf(wait.waits_for, seen.site);
    });
  };
  return outcome.ending == Ending::kHung && !outcome.waits.empty() &&
         std::all_of(outcome.waits.begin(), outcome.waits.end(), told);
}

bool Claims(Verdict verdict) {
  return verdict == Verdict::kCompletes || verdict == Verdict::kRefused || verdict == Verdict::kDeadlock;
}

std::string Contradiction(const explore::Finding& finding, const RunOutcome& outcome) {
  const bool ended = outcome.ending == Ending::kEnded;
  if (!ended && outcome.ending != Ending::kHung) return absl::StrCat("the run ", EndingText(outcome.ending));
  if (outcome.violations != 0) return absl::StrCat("a violation that the explorer did not find: ", outcome.violation);
  if (finding.verdict == Verdict::kDeadlock) return "";
  if (!ended) return "the run hung";
  if (finding.verdict == Verdict::kRefused && outcome.refused == 0) return "no call was refused";
  // A reason says that calls are refused in some executions.
  if (finding.verdict == Verdict::kCompletes && finding.reason.empty() && outcome.refused != 0) {
    return absl::StrCat(outcome.refused, " calls were refused");
  }
  return "";
}

absl::Status RunPair(const v1::Scenario& scenario, const explore::Exploration& exploration, const PairOptions& options,
                     Tally& tally) {
  const explore::Finding& finding = exploration.finding;
  if (!Claims(finding.verdict)) {
    tally.skipped.push_back(absl::StrCat(PairText(scenario, exploration), ": ", explore::VerdictName(finding.verdict),
                                         ", ", finding.reason));
    return absl::OkStatus();
  }
  const absl::StatusOr<scenario::CompiledScenario> compiled = scenario::Compile(scenario);
  if (!compiled.ok()) return compiled.status();
  const bool deadlock = finding.verdict == Verdict::kDeadlock;
  const std::uint64_t first_seed = options.first_seed + tally.pairs * options.runs;
  ++tally.pairs;
  if (deadlock) ++tally.deadlock_pairs;
  const std::uint64_t horizon = HorizonOf(finding.schedule, scenario.cpu_count());
  std::uint64_t reproduced = 0;
  std::uint64_t contradictions = 0;
  const std::uint64_t most = deadlock ? std::max(options.most_runs, options.runs) : options.runs;
  for (std::uint64_t i = 0; i < most && (i < options.runs || reproduced == 0); ++i) {
    const std::uint64_t seed = first_seed + i;
    const absl::StatusOr<RunOutcome> outcome =
        RunOnce({scenario, *compiled, exploration.implementation, seed, horizon, options.board_cpus});
    if (!outcome.ok()) return outcome.status();
    ++tally.runs;
    const std::string contradiction = Contradiction(finding, *outcome);
    if (!contradiction.empty()) {
      tally.contradictions.push_back(absl::StrCat(PairText(scenario, exploration), " seed ", seed, ": ", contradiction,
                                                  "\n", FindingText(exploration), "  the run ",
                                                  EndingText(outcome->ending), ". ", outcome->account));
      if (++contradictions == options.most_contradictions) return absl::OkStatus();
      continue;
    }
    Count(exploration, *outcome, tally);
    if (HungAsTold(exploration.trace, *outcome) && reproduced++ == 0) {
      tally.most_runs_to_reproduce = std::max(tally.most_runs_to_reproduce, i + 1);
    }
  }
  if (deadlock && reproduced == 0) {
    tally.never_reproduced.push_back(
        absl::StrCat(PairText(scenario, exploration), ": never in ", most, " runs\n", FindingText(exploration)));
  }
  return absl::OkStatus();
}

}  // namespace crosscall::cross_check
