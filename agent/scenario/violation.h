// What the interpreter counts, and what it says about calls that did not do what calls promise.
//
// A violation is a bug of the implementation under test (memory ordering, re-use of records, delivery) or, for
// kForeignUnlock and kNesting, of the scenario. It never stops the trial. Trivial types, no library header.
#ifndef AGENT_SCENARIO_VIOLATION_H_
#define AGENT_SCENARIO_VIOLATION_H_

#include "agent/core/types.h"

namespace crosscall::scenario {

enum class ViolationKind : core::u8 {
  kNone = 0,
  kWrongArgument,    // the handler saw an argument that its caller did not write
  kArgumentChanged,  // the argument was written again while the function ran
  kDoubleRun,        // the function ran twice for one call, or was given the argument of an earlier one
  kLostRun,          // a waiting call returned without the function's result on some target
  kWrongCpu,         // the function ran on a CPU that the call did not name
  kIrqsOpen,         // the function ran with interrupts open
  kNesting,          // calls or functions nested deeper than kMaxNesting on one CPU
  kForeignUnlock,    // unlock of a lock that this CPU does not hold; not carried out
};

// Text in the words of the scenario language; a static string.
constexpr const char* ViolationText(ViolationKind kind) {
  switch (kind) {
    case ViolationKind::kNone:
      return "none";
    case ViolationKind::kWrongArgument:
      return "the function saw an argument that its caller did not write";
    case ViolationKind::kArgumentChanged:
      return "the argument was written again while the function ran";
    case ViolationKind::kDoubleRun:
      return "the function ran twice for one call";
    case ViolationKind::kLostRun:
      return "a waiting call returned before the function had run on every target";
    case ViolationKind::kWrongCpu:
      return "the function ran on a CPU that was not called";
    case ViolationKind::kIrqsOpen:
      return "the function ran with interrupts open";
    case ViolationKind::kNesting:
      return "calls nested without bound";
    case ViolationKind::kForeignUnlock:
      return "unlock of a lock that this CPU does not hold";
  }
  return "unknown";
}

// The first violation a CPU saw, and how many it saw.
struct ViolationReport {
  ViolationKind kind = ViolationKind::kNone;
  core::u64 count = 0;
  core::CpuId cpu = 0;     // where it was seen
  core::CpuId caller = 0;  // whose call it was
  core::u32 line = 0;      // of the operation, in the scenario's text; 0 if unknown
  core::u64 sequence = 0;  // of the call, within its argument record
};

// What one CPU did. `calls` counts every call operation carried out, whatever came of it; the others say what came of
// those that were not plainly accepted.
struct RoundCounts {
  core::u64 calls = 0;
  core::u64 refused = 0;      // EBUSY of a policy that refuses to wait, ENOMEM, EDEADLK
  core::u64 busy = 0;         // call_async: the record was in use, nothing was queued
  core::u64 unreachable = 0;  // ENXIO: the target was offline
  core::u64 violations = 0;

  constexpr RoundCounts& operator+=(const RoundCounts& other) {
    calls += other.calls;
    refused += other.refused;
    busy += other.busy;
    unreachable += other.unreachable;
    violations += other.violations;
    return *this;
  }
  constexpr bool operator==(const RoundCounts&) const = default;
};

}  // namespace crosscall::scenario

#endif  // AGENT_SCENARIO_VIOLATION_H_
