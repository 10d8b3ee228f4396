#include "agent/tool/explore_report.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "agent/tool/explore_tally.h"

namespace crosscall::tool {
namespace {

std::string Row(absl::string_view scenario, absl::string_view implementation, absl::string_view verdict,
                absl::string_view states, absl::string_view executions, absl::string_view seconds,
                absl::string_view memory, absl::string_view notes) {
  std::string row = absl::StrFormat("%-20s %-38s %-9s %10s %11s %9s %-6s  %s", scenario, implementation, verdict,
                                    states, executions, seconds, memory, notes);
  row.erase(row.find_last_not_of(' ') + 1);
  return row + "\n";
}

std::string CheckNote(explore::Verdict verdict, const std::optional<std::string>& expected) {
  switch (CheckVerdict(verdict, expected)) {
    case Check::kAsExpected:
      return "as expected";
    case Check::kDiffers:
      return absl::StrCat("EXPECTED ", *expected);
    case Check::kUnchecked:
      return "unchecked: nothing is expected";
    case Check::kUnknown:
      break;
  }
  return expected ? absl::StrCat("expected ", *expected) : "nothing is expected";
}

std::string Circumstances(const explore::WaitLine& wait) {
  std::vector<std::string> facts;
  if (wait.masked) facts.emplace_back("interrupts masked");
  if (wait.ipi_pending) facts.emplace_back("IPI pending");
  return facts.empty() ? "" : absl::StrCat(" (", absl::StrJoin(facts, ", "), ")");
}

}  // namespace

std::string ExploreHeader(bool check) {
  return Row("SCENARIO", "IMPLEMENTATION", "VERDICT", "STATES", "EXECUTIONS", "SECONDS", "MEMORY",
             check ? "CHECK" : "NOTES");
}

std::string ExploreRow(const std::string& scenario, const std::string& implementation,
                       const explore::Exploration& exploration, bool check,
                       const std::optional<std::string>& expected) {
  const explore::Finding& finding = exploration.finding;
  std::vector<std::string> notes;
  if (check) notes.push_back(CheckNote(finding.verdict, expected));
  if (!finding.reason.empty()) notes.push_back(finding.reason);
  return Row(scenario, implementation, explore::VerdictName(finding.verdict), absl::StrCat(finding.states),
             absl::StrCat(finding.executions), absl::StrFormat("%.3f", absl::ToDoubleSeconds(finding.time)),
             explore::MemoryModelName(exploration.memory), absl::StrJoin(notes, "; "));
}

std::string TraceText(const explore::Trace& trace) {
  std::string text;
  std::size_t number = 0;
  for (const explore::TraceLine& line : trace.lines) {
    absl::StrAppend(&text, absl::StrFormat("%4d. CPU %d: %s", ++number, line.cpu, line.op),
                    line.stage.empty() ? "" : ": ", line.stage, "\n");
  }
  return text;
}

std::string WaitsText(const explore::Trace& trace) {
  std::string text;
  for (const explore::WaitLine& wait : trace.waits) {
    absl::StrAppend(&text, "      CPU ", wait.cpu, " waits for ", wait.waits_for, Circumstances(wait), "\n");
  }
  return text;
}

void TraceReports::Add(const std::string& scenario, const std::string& implementation,
                       const explore::Exploration& exploration) {
  const explore::Finding& finding = exploration.finding;
  if (finding.schedule.empty()) return;
  const auto same = std::find_if(reports_.begin(), reports_.end(), [&](const Report& report) {
    return report.scenario == scenario && report.verdict == finding.verdict && report.reason == finding.reason &&
           report.trace.lines == exploration.trace.lines && report.trace.waits == exploration.trace.waits;
  });
  if (same != reports_.end()) {
    same->implementations.push_back(implementation);
    return;
  }
  reports_.push_back(Report{scenario, finding.verdict, finding.reason, exploration.trace, {implementation}});
}

std::string TraceReports::Text() const {
  std::string text;
  for (const Report& report : reports_) {
    absl::StrAppend(&text, "\n", report.scenario, ": ", explore::VerdictName(report.verdict),
                    report.reason.empty() ? "" : ": ", report.reason, ", with ",
                    absl::StrJoin(report.implementations, ", "), "\n", TraceText(report.trace),
                    WaitsText(report.trace));
  }
  return text;
}

}  // namespace crosscall::tool
