// judge SCENARIO IMPLEMENTATION sc|weak VERDICT [RUNS]: searches the scenario on the subject that this program was
// linked with. With RUNS, where a search would take too long: that many random executions, which can convict, and else
// say `completes` of themselves only. Exit status: 0 the verdict is the expected one, 1 it is another, 2 bad use.
#include "tests/explore/known_broken/judge.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "agent/explore/search.h"
#include "agent/scenario/compile.h"
#include "agent/scenario/parse.h"

namespace crosscall::explore {
namespace {

absl::StatusOr<v1::Scenario> ReadScenario(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  std::ostringstream text;
  text << file.rdbuf();
  return scenario::ParseScenario(text.str(), path);
}

// One random execution: what it came to, and its way.
Finding Execute(ModelPort& port, const Subject& subject, std::mt19937& random) {
  Finding finding;
  std::vector<Choice> choices;
  u8 last = 0;
  for (port.Restart();; port.Take(finding.schedule.back())) {
    bool violated = port.violation() != ModelViolation::kNone;
    for (CpuId cpu = 0; cpu < port.cpu_count(); ++cpu) violated |= subject.violations(cpu).count > 0;
    if (violated) {
      finding.verdict = Verdict::kViolation;
      return finding;
    }
    port.Choices(choices);
    if (std::all_of(choices.begin(), choices.end(), [](const Choice& choice) { return choice.optional(); })) {
      finding.verdict = port.Idle() ? Verdict::kCompletes : Verdict::kDeadlock;
      return finding;
    }
    // Mostly the same CPU again: bugs show when one CPU stands still while another goes far.
    Choice next = choices[random() % choices.size()];
    for (const Choice& choice : choices) {
      if (choice.cpu == last && random() % 3 != 0) next = choice;
    }
    last = next.cpu;
    finding.schedule.push_back(next);
  }
}

Finding Hunt(Search& search, u64 runs) {
  search.Learn();
  std::mt19937 random(1);
  Finding finding;
  for (u64 run = 1; run <= runs; ++run) {
    finding = Execute(search.port(), search.subject(), random);
    finding.executions = run;
    if (finding.verdict != Verdict::kCompletes) break;
  }
  return finding;
}

absl::StatusOr<Finding> Try(const std::string& path, const core::Implementation& implementation, bool weak, u64 runs) {
  const absl::StatusOr<v1::Scenario> parsed = ReadScenario(path);
  if (!parsed.ok()) return parsed.status();
  const absl::StatusOr<scenario::CompiledScenario> compiled = scenario::Compile(*parsed);
  if (!compiled.ok()) return compiled.status();
  SearchInput input;
  input.factory = SubjectOnTrial(implementation.algorithm);
  input.options.policy = implementation.policy;
  input.options.irq_model = implementation.irq_model;
  input.view = compiled->view();
  input.faults = ModelFaultsOf(*parsed);
  input.weak = weak;
  Search search(input);
  return runs > 0 ? Hunt(search, runs) : search.Run(SearchLimits());
}

int Main(int argc, char** argv) {
  core::Implementation implementation;
  u64 runs = 0;
  if (argc < 5 || argc > 6 || (argc == 6 && !absl::SimpleAtoi(argv[5], &runs)) ||
      !core::Parse(argv[2], std::strlen(argv[2]), implementation) ||
      (std::strcmp(argv[3], "sc") != 0 && std::strcmp(argv[3], "weak") != 0)) {
    std::cerr << "usage: judge SCENARIO IMPLEMENTATION sc|weak VERDICT [RUNS]\n";
    return 2;
  }
  const absl::StatusOr<Finding> finding = Try(argv[1], implementation, std::strcmp(argv[3], "weak") == 0, runs);
  if (!finding.ok()) {
    std::cerr << "judge: " << finding.status().message() << "\n";
    return 2;
  }
  const std::string verdict = VerdictName(finding->verdict);
  std::cout << verdict << " (expected " << argv[4] << ") " << finding->reason << "\n"
            << finding->states << " states, " << finding->executions << " executions, " << finding->steps << " steps, "
            << absl::FormatDuration(finding->time) << "\n"
            << FormatSchedule(finding->schedule) << "\n";
  return verdict == argv[4] ? 0 : 1;
}

}  // namespace
}  // namespace crosscall::explore

int main(int argc, char** argv) { return crosscall::explore::Main(argc, argv); }
