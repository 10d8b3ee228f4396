// From the text of a scenario to what the explorer says of it, for tests.
#ifndef TESTS_AGENT_EXPLORE_EXPLORATIONS_H_
#define TESTS_AGENT_EXPLORE_EXPLORATIONS_H_

#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/core/implementation.h"
#include "agent/explore/explore.h"
#include "agent/scenario/parse.h"

namespace crosscall::explore {

inline void PrintTo(Verdict verdict, std::ostream* out) { *out << VerdictName(verdict); }

inline v1::Scenario ParsedScenario(const std::string& text, const scenario::Overrides& overrides = {}) {
  auto parsed = scenario::ParseScenario(text, "test.yaml", overrides);
  if (!parsed.ok()) throw std::runtime_error(parsed.status().ToString());
  return *std::move(parsed);
}
// `body`: all but the name.
inline v1::Scenario NamelessScenario(const std::string& body) { return ParsedScenario("scenario: test\n" + body); }

inline core::Implementation ImplementationOf(const std::string& name) {
  core::Implementation implementation;
  if (!core::Parse(name.data(), name.size(), implementation)) throw std::runtime_error("no implementation: " + name);
  return implementation;
}
inline std::string NameOf(const core::Implementation& implementation) {
  char name[core::kImplementationNameBytes];
  core::Format(implementation, name, sizeof name);
  return name;
}

inline Exploration ExplorationOf(const v1::Scenario& scenario, const core::Implementation& implementation,
                                 const ExploreOptions& options = {}) {
  auto exploration = Explore(scenario, implementation, options);
  if (!exploration.ok()) throw std::runtime_error(exploration.status().ToString());
  return *std::move(exploration);
}
inline Exploration ExplorationOf(const v1::Scenario& scenario, const std::string& implementation,
                                 const ExploreOptions& options = {}) {
  return ExplorationOf(scenario, ImplementationOf(implementation), options);
}

inline ExploreOptions In(MemoryModel memory) {
  ExploreOptions options;
  options.memory = memory;
  return options;
}

// "0: call 1 noop wait: queued"
inline std::string LineText(const TraceLine& line) {
  return absl::StrCat(line.cpu, ": ", line.op, line.stage.empty() ? "" : ": ", line.stage);
}
inline std::vector<std::string> LinesOf(const Trace& trace) {
  std::vector<std::string> lines;
  for (const TraceLine& line : trace.lines) lines.push_back(LineText(line));
  return lines;
}
// "0 waits for completion of call to CPU 1, masked, IPI pending"
inline std::vector<std::string> WaitsOf(const Trace& trace) {
  std::vector<std::string> waits;
  for (const WaitLine& wait : trace.waits) {
    waits.push_back(absl::StrCat(wait.cpu, " waits for ", wait.waits_for, wait.masked ? ", masked" : "",
                                 wait.ipi_pending ? ", IPI pending" : ""));
  }
  return waits;
}

}  // namespace crosscall::explore

#endif  // TESTS_AGENT_EXPLORE_EXPLORATIONS_H_
