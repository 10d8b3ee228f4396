// What happened on the way to a finding, in field words: a line for each step that an engineer would name, and, at its
// end, who waits for whom.
#ifndef AGENT_EXPLORE_TRACE_H_
#define AGENT_EXPLORE_TRACE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "agent/explore/choice.h"
#include "agent/explore/search.h"
#include "agent/scenario/compile.h"

namespace crosscall::explore {

// "CPU 0: call 1 f wait: queued".
struct TraceLine {
  CpuId cpu = 0;
  std::string op;     // an operation of the scenario, or what the machine did: "take IPI", "run f for CPU 0"
  std::string stage;  // of a call: claimed, queued, kicked, completion seen, refused; of a function: started, finished
  bool operator==(const TraceLine&) const = default;
};

// "CPU 0 waits for completion of call to CPU 1".
struct WaitLine {
  CpuId cpu = 0;
  std::string waits_for;
  bool masked = false;       // interrupts are masked
  bool ipi_pending = false;  // an IPI is latched
  bool operator==(const WaitLine&) const = default;
};

struct Trace {
  std::vector<TraceLine> lines;
  std::vector<WaitLine> waits;  // CPUs that have not ended, at the end
};

// Runs the schedule on the search that found it and tells what happens; `after_step`, if given, sees each step's lines.
// INVALID_ARGUMENT if a step cannot be taken, which is so if the schedule is of another scenario, implementation or
// version.
absl::Status TellSchedule(Search& search, const scenario::CompiledScenario& scenario, const Schedule& schedule,
                          Trace& trace);

}  // namespace crosscall::explore

#endif  // AGENT_EXPLORE_TRACE_H_
