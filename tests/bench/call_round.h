// One round of measurements between the same two pinned CPUs: our calls, and the bare mechanisms below them.
//
// Every function runs its two CPUs as SCHED_FIFO threads if allowed, for a bounded number of calls, and returns the
// nanoseconds of each after a warm-up.
#ifndef TESTS_BENCH_CALL_ROUND_H_
#define TESTS_BENCH_CALL_ROUND_H_

#include <string>
#include <vector>

#include "agent/core/implementation.h"

namespace crosscall::bench {

struct CpuPair {
  core::u32 caller;
  core::u32 target;
};

// CallSingle with wait to a target that computes with interrupts open: an IPI a call.
std::vector<core::u64> MeasureInterruptedCalls(core::AlgorithmKind algorithm, CpuPair cpus, core::u32 calls);
// The same to a target with interrupts masked that drains while it waits for a completion (poll_completion).
std::vector<core::u64> MeasurePolledCalls(core::AlgorithmKind algorithm, CpuPair cpus, core::u32 calls);

// A bare signal there and a bare signal back.
std::vector<core::u64> MeasureSignalPingPong(CpuPair cpus, core::u32 calls);
// A bare signal there, and the handler's store seen back.
std::vector<core::u64> MeasureSignalAndFlag(CpuPair cpus, core::u32 calls);
// A store seen there, and a store seen back: two transfers of a cache line.
std::vector<core::u64> MeasureCacheLines(CpuPair cpus, core::u32 calls);

// What the CPUs of the last measurement ran as.
std::string LastSchedulingNote();

}  // namespace crosscall::bench

#endif  // TESTS_BENCH_CALL_ROUND_H_
