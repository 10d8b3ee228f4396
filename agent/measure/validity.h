// Do the numbers of a trial mean what they say? (Decision 5 of the architecture.)
//
// Pure: evidence in, verdict out. Thread-safe. A verdict never makes a result better: it can only say that a trial that
// ran did not measure calls, and why, and what to do about it.
#ifndef AGENT_MEASURE_VALIDITY_H_
#define AGENT_MEASURE_VALIDITY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "crosscall/v1/result.pb.h"

namespace crosscall::measure {

// Of the interrupts that should have happened, the share that must have been seen (cross-call reference, section 8).
inline constexpr double kMinSeenShare = 0.95;
// Interrupts that may be missing in any case: kicks under way while the counters are read.
inline constexpr std::uint64_t kMissingSlack = 2;
// Involuntary switches of all CPU threads for each call, above which a slow median is not believed. One switch delays
// at most two calls, the one that the thread makes and the one that it serves; below this share at least half of all
// calls ran undisturbed.
inline constexpr double kMaxSwitchesPerCall = 0.25;
// A descheduled thread stays away for a time slice, and the kernel's shortest is 0.7 ms. So a median below this is the
// median of calls that nobody interrupted, however many switches there were: they fell on few calls. The tail is the
// scheduler's then, which is why the switches are reported with every result.
inline constexpr std::uint64_t kShortestAbsenceNanos = 500'000;
// So many switches say nothing about a short trial: the timer tick and the start of the threads cause them.
inline constexpr std::uint64_t kSwitchSlack = 16;
// Share of the CPUs' time that the hypervisor may take. As with switches, the median survives it and a tail does not.
inline constexpr double kMaxStealShare = 0.10;
// The kernel counts steal in ticks of 10 ms, and the two readings may each be one tick off on every CPU.
inline constexpr std::uint64_t kStealSlackNanos = 20'000'000;

// What is known of one scenario CPU after a trial.
struct CpuEvidence {
  std::uint32_t cpu = 0;
  std::uint32_t board_cpu = 0;
  // Kicks to it that should have led to a handler entry of their own, injected losses excluded; and such entries.
  std::uint64_t expected_entries = 0;
  std::uint64_t seen_entries = 0;
  // Of those kicks, the ones that found it with signals open, so that a running thread had to be interrupted by the
  // kernel; 0 if nothing can be expected of the kernel (it sleeps, masks, or takes device interrupts).
  std::uint64_t expected_interrupts = 0;
  // Growth of the kernel's counters on its board CPU; meaningless unless `interrupts_known`.
  std::uint64_t seen_interrupts = 0;
  bool interrupts_known = false;
  std::uint64_t involuntary_switches = 0;
  // How often its thread was met on another CPU than the one it is pinned to.
  std::uint64_t migrations = 0;
};

struct Evidence {
  std::uint64_t calls = 0;
  std::uint64_t refused_calls = 0;
  std::uint64_t violations = 0;
  std::string first_violation;  // in words
  std::uint64_t elapsed_nanos = 0;
  std::uint64_t median_nanos = 0;  // of whole calls
  std::uint64_t steal_nanos = 0;
  // Stamps overwritten before they could be read, and calls whose stamps do not add up.
  std::uint64_t lost_stamps = 0;
  std::uint64_t broken_calls = 0;
  // Several scenario CPUs shared a board CPU.
  bool oversubscribed = false;
  std::vector<CpuEvidence> cpus;
};

struct Verdict {
  v1::Outcome outcome = v1::OUTCOME_COMPLETED;
  std::string reason;  // empty for COMPLETED
};

// COMPLETED, REFUSED (the implementation refused every call) or INVALID. With several faults the most telling is named:
// wrong values first, then what makes all numbers meaningless, then disturbances.
Verdict Judge(const Evidence& evidence);

}  // namespace crosscall::measure

#endif  // AGENT_MEASURE_VALIDITY_H_
