// A peer for calls: glibc's broadcast of credentials, which signals every thread of a process and waits for all.
#ifndef TESTS_BENCH_SETXID_PEER_H_
#define TESTS_BENCH_SETXID_PEER_H_

#include <vector>

#include "tests/bench/call_round.h"

namespace crosscall::bench {

// Nanoseconds of each setgid(own gid) in a process of just two threads pinned to the pair; a child process, so that no
// third thread takes part. Empty if the child could not run.
std::vector<core::u64> MeasureSetxidBroadcasts(CpuPair cpus, core::u32 calls);

}  // namespace crosscall::bench

#endif  // TESTS_BENCH_SETXID_PEER_H_
