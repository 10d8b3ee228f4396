// The kernel's own account of inter-processor interrupts: the rows of /proc/interrupts that a cross-call can raise, and
// steal time.
//
// A signal that reaches a running thread of another CPU costs the kernel one interrupt there (reschedule or function
// call), so these rows prove that the other CPU was really interrupted. Pure parsing beside one reader; thread-safe.
#ifndef AGENT_MEASURE_INTERRUPTS_H_
#define AGENT_MEASURE_INTERRUPTS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "crosscall/v1/result.pb.h"

namespace crosscall::measure {

// Row name -> board CPU -> count. Names as the kernel prints them, "RES" or "IPI0" for example.
using InterruptTable = std::map<std::string, std::map<std::uint32_t, std::uint64_t>>;

// The rows RES (reschedule), CAL (function call) and TLB (shootdown) of x86, or all rows IPI<n> of arm and arm64, of a
// text in the form of /proc/interrupts. CPUs are named by the header line, since offline ones are left out. Rows that
// do not parse are left out.
InterruptTable ParseInterrupts(absl::string_view text);

// Steal time of each CPU in nanoseconds, from a text in the form of /proc/stat with `ticks_per_second`.
std::map<std::uint32_t, std::uint64_t> ParseSteal(absl::string_view text, std::uint64_t ticks_per_second);

struct KernelCounters {
  InterruptTable interrupts;
  std::map<std::uint32_t, std::uint64_t> steal_nanos;
};

// Reads both under `root` (empty: this machine). Unreadable files leave their part empty.
KernelCounters ReadKernelCounters(const std::string& root);

// One row for each name and board CPU of `cpus` that both readings have.
std::vector<v1::InterruptRow> InterruptRows(const KernelCounters& before, const KernelCounters& after,
                                            const std::vector<std::uint32_t>& cpus);

// Sum over `cpus` of the steal time that passed between the readings.
std::uint64_t StealNanos(const KernelCounters& before, const KernelCounters& after,
                         const std::vector<std::uint32_t>& cpus);

// By how much the rows that a signal to a running thread raises grew on `cpu`: RES and CAL, or the sum of the IPI rows.
// TLB shootdowns are no cross-calls of ours.
std::uint64_t SignalInterrupts(const std::vector<v1::InterruptRow>& rows, std::uint32_t cpu);

// True if there is such a row for `cpu`, that is, if SignalInterrupts says something.
bool HasSignalRows(const std::vector<v1::InterruptRow>& rows, std::uint32_t cpu);

}  // namespace crosscall::measure

#endif  // AGENT_MEASURE_INTERRUPTS_H_
