// Stage stamps and the flight region: what a CPU writes about itself while it calls and serves, and what an observer in
// another process reads when calls stop completing. The observer needs no co-operation from the observed.
//
// Layout (all little structs are trivially copyable, no pointers): RegionHeader, then `lock_count` LockState, then
// `cpu_count` CpuState, then `cpu_count` rings of `ring_size` Stamp each. Offsets are in the header.
//
// Thread safety: each CpuState and ring has one writer, its CPU (also from its interrupt handlers, which nest and end
// before the interrupted code goes on). Fields are single words accessed by relaxed atomics (Peek, Poke); an observer
// may see a mixture of moments and must look twice. Stamp slots are published by the release store of `ring_head`.
// Times are raw clock values of the port; the header says how to turn them into nanoseconds.
#ifndef AGENT_CORE_STAGE_H_
#define AGENT_CORE_STAGE_H_

#include "agent/core/types.h"

namespace crosscall::core {

// Steps of one call to one target, in the words of the reference (section 8).
enum class Stage : u16 {
  kNone = 0,
  kEnter = 1,         // caller: API entered
  kClaim = 2,         // caller: call lock or record obtained
  kPublish = 3,       // caller: the target can find the request
  kKick = 4,          // caller: before the doorbell
  kKickSkipped = 5,   // caller: none sent; detail is a SkipReason
  kKicked = 6,        // caller: doorbell store done
  kIpiEntry = 7,      // target: handler entered by interrupt; detail is 1 if a policy's window let it in
  kPollHit = 8,       // target: drain entered by polling; detail is the Site
  kDrain = 9,         // target: request taken out of the queue
  kFnEntry = 10,      // target
  kFnExit = 11,       // target
  kComplete = 12,     // target: completion store done
  kHandlerExit = 13,  // target: handler returns
  kObserved = 14,     // caller: waiter has read the completion
  kReturn = 15,       // caller: API returns; detail is a Result
  kSpurious = 16,     // target: handler found nothing
  kDevice = 17,       // a device interrupt was taken
};

enum class SkipReason : u16 { kNotFirst = 1, kIdlePoll = 2, kSelf = 3 };

// One stamped step; 32 bytes, so two a cache line. `call` is (caller << 48) | caller-local sequence, 0 if of no call.
struct Stamp {
  u64 time;
  u64 call;
  u16 stage;
  u16 peer;  // the other CPU; 0xffff: a mask of several
  u16 detail;
  u16 reserved;
  u64 index;  // ring_head value at which it was written, to detect overwriting
};
static_assert(sizeof(Stamp) == 32);

inline constexpr u64 CallId(CpuId caller, u64 sequence) {
  return (u64{caller} << 48) | (sequence & ((u64{1} << 48) - 1));
}
inline constexpr CpuId CallerOf(u64 call) { return static_cast<CpuId>(call >> 48); }
inline constexpr u64 SequenceOf(u64 call) { return call & ((u64{1} << 48) - 1); }

// What lies on a CPU's stack. Innermost frames have the highest index.
enum class FrameKind : u8 {
  kNone = 0,
  kCall = 1,
  kHandler = 2,
  kFunction = 3,
  kDevice = 4,
  kLockWait = 5,
  kWindow = 6
};
// How far the call of a kCall frame is. A kick owed is kPublished: published, and neither kicked nor skipped.
enum class CallPhase : u8 { kNone = 0, kEntered = 1, kClaimed = 2, kPublished = 3, kKicked = 4, kSkipped = 5 };

inline constexpr u32 kMaxFrames = 16;
struct Frame {
  u64 call;    // call made (kCall) or served (kFunction); lock index + 1 for kLockWait
  u64 packed;  // FrameKind | CallPhase << 8 | target CPU << 16 (0xffff: several)
};

// One CPU's account of itself. Whole cache lines, so that CPUs do not disturb each other.
struct alignas(kCacheLine) CpuState {
  // Identity, written before the trial starts.
  u64 thread_id;  // kernel thread id, for /proc
  u64 board_cpu;  // CPU it is pinned to
  // Position.
  u64 irqs_masked;  // 0 or 1
  u64 ipis_barred;  // 0 or 1: interrupts masked under mask_all, or inside a short section
  u64 site;         // Site
  u64 wait_call;    // call it waits in, 0 if none
  u64 wait_for;     // CPU (claim, completion of one target), lock index (lock site), or kNoCpu for several
  u64 wait_since;   // clock value
  u64 frame_count;
  Frame frames[kMaxFrames];
  u64 wait_mask[kMaxCpus / 64];  // CPUs waited for, at completion and claim
  // Progress, only ever growing.
  u64 heartbeat;  // operations interpreted plus fruitless wait retries
  u64 calls_started;
  u64 calls_returned;
  u64 kicks_sent;  // doorbells rung; mailbox_grid may ring its own
  u64 kicks_skipped;
  u64 ipi_entries;  // handler entries by IPI
  u64 spurious_entries;
  u64 poll_hits;
  u64 functions_run;
  u64 requests_taken;                 // out of this CPU's queue
  u64 last_ipi_entry;                 // clock value
  u64 finished;                       // 1 once its program ended for good
  alignas(kCacheLine) u64 ring_head;  // stamps written so far
  // Written by other CPUs, hence lines of their own (fetch-add, relaxed).
  alignas(kCacheLine) u64 kicks_received;      // doorbells rung for this CPU, injected losses excluded
  u64 kicks_lost;                              // doorbells swallowed by an injected fault
  u64 last_kick;                               // clock value of the last doorbell rung or swallowed
  alignas(kCacheLine) u64 requests_published;  // requests put in this CPU's queue
  u64 last_publish_call;                       // call of the last request published
};

// A lock of the program, or (index 0) the algorithm's own call lock.
struct alignas(kCacheLine) LockState {
  u64 holder;  // CPU + 1, 0 if free
  u64 since;   // clock value
};

inline constexpr u64 kRegionMagic = 0x43524f5353434c31;  // "CROSSCL1"
inline constexpr u32 kRegionVersion = 1;

struct RegionHeader {
  u64 magic;  // written last, release
  u32 version;
  u32 cpu_count;
  u32 lock_count;  // the program's locks + 1
  u32 ring_size;   // a power of two
  u64 locks_offset;
  u64 cpus_offset;
  u64 rings_offset;
  u64 total_bytes;
  // nanoseconds = (clock - clock_base) * clock_mult >> 32
  u64 clock_base;
  u64 clock_mult;
  u64 trial_started;   // clock value, 0 before the timed part
  u64 trial_finished;  // clock value, 0 until every CPU has finished
  u32 ipi_signal;      // signal port: signal numbers, for an observer who probes by re-sending one; else 0
  u32 device_signal;
};

inline constexpr u64 RegionBytes(u32 cpus, u32 locks, u32 ring_size) {
  const u64 header = (sizeof(RegionHeader) + 4095) / 4096 * 4096;
  return header + u64{locks} * sizeof(LockState) + u64{cpus} * sizeof(CpuState) + u64{cpus} * ring_size * sizeof(Stamp);
}

// Relaxed: the observer judges only after two looks, and orders nothing by what it reads.
inline u64 Peek(const u64& field) { return __atomic_load_n(&field, __ATOMIC_RELAXED); }
inline void Poke(u64& field, u64 value) { __atomic_store_n(&field, value, __ATOMIC_RELAXED); }

}  // namespace crosscall::core

#endif  // AGENT_CORE_STAGE_H_
