// What the same hang has in common whenever it happens, so that two hangs can be told to be one finding (rule H2 of the
// fleet reference): the state of the target, what its handler is in, and the last stage that the call reached. Pure.
//
// Numbers of CPUs, of calls and times are no part of it.
#ifndef AGENT_WATCHDOG_FINGERPRINT_H_
#define AGENT_WATCHDOG_FINGERPRINT_H_

#include <string>
#include <vector>

#include "agent/watchdog/evidence.h"
#include "agent/watchdog/wait_graph.h"

namespace crosscall::watchdog {

// Of one wait: "masked, at completion / handler>fn / kicked".
std::string FingerprintOf(const Evidence& evidence, const Look& look, const WaitEdge& edge);

// Of a cycle, which has no beginning: that of the wait for a call that sorts first; without calls, of any wait.
std::string FingerprintOfCycle(const Evidence& evidence, const Look& look, const std::vector<WaitEdge>& cycle);

}  // namespace crosscall::watchdog

#endif  // AGENT_WATCHDOG_FINGERPRINT_H_
