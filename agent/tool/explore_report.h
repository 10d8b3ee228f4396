// Verdicts for people: a table, and below it the way to each hang or violation. Pure; rows end with a newline.
#ifndef AGENT_TOOL_EXPLORE_REPORT_H_
#define AGENT_TOOL_EXPLORE_REPORT_H_

#include <optional>
#include <string>
#include <vector>

#include "agent/explore/explore.h"

namespace crosscall::tool {

// What is checked is `expected`; without check it is not shown.
std::string ExploreHeader(bool check);
std::string ExploreRow(const std::string& scenario, const std::string& implementation,
                       const explore::Exploration& exploration, bool check, const std::optional<std::string>& expected);

// "CPU 0: call 1 f wait: queued", numbered.
std::string TraceText(const explore::Trace& trace);
// "CPU 0 waits for lock L held by CPU 1 (interrupts masked, IPI pending)", one line each.
std::string WaitsText(const explore::Trace& trace);

// Implementations that go the same way to the same end share one report.
class TraceReports {
 public:
  void Add(const std::string& scenario, const std::string& implementation, const explore::Exploration& exploration);
  std::string Text() const;

 private:
  struct Report {
    std::string scenario;
    explore::Verdict verdict;
    std::string reason;
    explore::Trace trace;
    std::vector<std::string> implementations;
  };
  std::vector<Report> reports_;
};

}  // namespace crosscall::tool

#endif  // AGENT_TOOL_EXPLORE_REPORT_H_
