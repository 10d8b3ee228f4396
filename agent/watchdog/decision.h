// The decision order of the cross-call reference, section 9: one class for one waiting CPU and the CPU it waits for.
//
// Pure. Each step is a function that decides or passes on; the first that decides wins. Steps 1 (still waiting?) and 8
// (the probe) need more than one pair and live in verdict.cc.
#ifndef AGENT_WATCHDOG_DECISION_H_
#define AGENT_WATCHDOG_DECISION_H_

#include <cstdint>
#include <string>

#include "agent/watchdog/evidence.h"
#include "agent/watchdog/wait_graph.h"
#include "crosscall/v1/hang.pb.h"

namespace crosscall::watchdog {

// Two looks at one hang, `gap` apart; everything is decided on `now`, movement by comparing with `before`.
struct TwoLooks {
  const Look& before;
  const Look& now;
  absl::Duration gap;
};

struct Finding {
  v1::HangClass hang_class = v1::HANG_CLASS_UNSPECIFIED;
  // Not the calls' fault but the machine's: a runnable thread got no processor. `hang_class` is then unset.
  bool starved = false;
  // Step of the decision order that decided, 1 to 8. Lower ones come first.
  int step = 0;
  // The CPU that the class is about.
  std::uint32_t culprit = 0;
  // Why, as a clause that goes on after "CPU 0 waits for CPU 1: ".
  std::string reason;
};

// The IPI of that CPU is pending: in the kernel, or taken by the port and deferred by a short section.
bool IpiPending(const Look& look, std::uint32_t cpu);

// Step 3 for one CPU: gone, starved, or (hang_class unset, starved false) alive.
Finding Alive(const TwoLooks& looks, std::uint32_t cpu);

// The pair of `edge`, which is not part of a cycle.
Finding DecideEdge(const TwoLooks& looks, const WaitEdge& edge);

// A cycle of binding waits: cycle edges in order.
Finding DecideCycle(const Look& look, const std::vector<WaitEdge>& cycle);

// A CPU that is overdue but at no wait site: in its own function, in a handler, or not running.
Finding DecideBusyCaller(const TwoLooks& looks, std::uint32_t cpu);

}  // namespace crosscall::watchdog

#endif  // AGENT_WATCHDOG_DECISION_H_
