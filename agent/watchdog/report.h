// The descriptive parts of a hang report: waits, CPUs, time line, and sentences about them. Pure.
#ifndef AGENT_WATCHDOG_REPORT_H_
#define AGENT_WATCHDOG_REPORT_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "agent/watchdog/evidence.h"
#include "agent/watchdog/wait_graph.h"
#include "crosscall/v1/hang.pb.h"

namespace crosscall::watchdog {

// The reference's name of a stage, `fn_entry`; `unknown` for a number that is none.
absl::string_view StageName(std::uint16_t stage);

// "CPU 1 (interrupts masked)".
std::string DescribeCpu(const Look& look, std::uint32_t cpu);
// "CPU 0 (interrupts masked) waits for completion of its call 3 to CPU 1".
std::string DescribeWait(const Evidence& evidence, const Look& look, const WaitEdge& edge);

// Waits and CPUs as `look` shows them (signals and run state too), processor time between the two looks, time line.
void FillReport(const Evidence& evidence, const Look& look, v1::HangReport& report);

}  // namespace crosscall::watchdog

#endif  // AGENT_WATCHDOG_REPORT_H_
