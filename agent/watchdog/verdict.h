// Evidence in, hang report out: names one class, who waits for whom, the cycle if there is one, and why.
//
// Pure, and total: any evidence yields a verdict. With several overdue CPUs the one that waits longest is explained,
// then the lower number; with several awaited CPUs the one that an earlier step of the decision order convicts.
#ifndef AGENT_WATCHDOG_VERDICT_H_
#define AGENT_WATCHDOG_VERDICT_H_

#include <cstdint>
#include <optional>
#include <string>

#include "agent/watchdog/evidence.h"
#include "crosscall/v1/hang.pb.h"

namespace crosscall::watchdog {

inline constexpr std::size_t kTimelineStamps = 256;

struct Verdict {
  // The deadline passed because a thread that was ready to run got no processor: the trial says nothing about calls.
  bool starved = false;
  std::string starved_reason;
  v1::HangReport report;  // without `name`; empty if starved
};

// The CPU to which one IPI should be re-sent before the last word, if the decision order asks for a probe.
std::optional<std::uint32_t> WantsProbe(const Evidence& evidence);

Verdict Judge(const Evidence& evidence);

}  // namespace crosscall::watchdog

#endif  // AGENT_WATCHDOG_VERDICT_H_
