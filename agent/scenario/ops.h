// The compiled form of a scenario: flat arrays of operations that the interpreter walks and that every target system
// shares. No library header: the kernel module and the explorer read the same arrays.
//
// Invariants (Compile establishes them, the interpreter relies on them)
// - A body is a run of operations in `ops` that ends with kEnd; `programs` and `functions` hold where bodies begin.
// - kRepeat and its kRepeatEnd carry the same loop slot (`index`), and `jump` of kRepeatEnd is the first operation of
//   the loop's body. Loops nest at most kMaxLoopDepth deep within a body; slots are per activation of a body.
// - Every index is in range of its table; every set names scenario CPUs only.
// - Function 0 is `noop`. kBarrier, kIdle, kOffline, kOnline and kIrqOn are in no function body.
//
// Thread safety: immutable after Compile, hence free to share. Times are nanoseconds.
#ifndef AGENT_SCENARIO_OPS_H_
#define AGENT_SCENARIO_OPS_H_

#include "agent/core/cpu_set.h"
#include "agent/core/types.h"

namespace crosscall::scenario {

inline constexpr core::u32 kMaxLoopDepth = 8;
inline constexpr core::u32 kNoBody = ~core::u32{0};
inline constexpr core::u32 kNoopFunction = 0;

enum class OpKind : core::u8 {
  kEnd,
  kIrqOff,
  kIrqOn,
  kLock,              // index: lock, from 0
  kUnlock,            // index: lock
  kLockIrqsave,       // index: lock
  kUnlockIrqrestore,  // index: lock
  kCallSingle,        // call_single; target: index or self
  kCallMany,          // call_many; index: set
  kRunOn,             // on_each_mask, own CPU included; index: set
  kCallAsync,         // call_async; target: index or self; value: record slot
  kWaitAll,
  kWork,       // value: nanoseconds
  kIdle,       // value: nanoseconds
  kBarrier,    // index: barrier
  kRepeat,     // index: loop slot; value: iterations, at least 1
  kRepeatEnd,  // index: loop slot; jump: first operation of the loop's body
  kOffline,
  kOnline,
};

// How an operation names whom it calls. Function bodies run on any CPU, so `self` and `others` are resolved there when
// they run; in programs only kFixed and kSelf occur.
enum class TargetForm : core::u8 {
  kFixed,   // index is a CPU (single, async) or a set (many, run_on)
  kSelf,    // the executing CPU
  kOthers,  // all scenario CPUs but the executing one
};

// One operation; 32 bytes, so two a cache line.
struct Op {
  OpKind kind = OpKind::kEnd;
  TargetForm form = TargetForm::kFixed;
  core::u8 wait = 0;       // calls: 1 returns when all have finished, 0 when queued
  core::u8 transient = 0;  // calls: 1 if a target may be offline at that moment
  core::u32 index = 0;
  core::u32 function = kNoopFunction;
  core::u32 jump = 0;
  core::u64 value = 0;
  core::u32 line = 0;  // in the source text, from 1; 0 if there is none
  core::u32 reserved = 0;
};
static_assert(sizeof(Op) == 32);

// A device interrupt that runs `function` on `cpu`; the port decides when, within the limits given.
struct DeviceOp {
  core::CpuId cpu = 0;
  core::u32 function = kNoopFunction;
  core::u64 times = 0;
  core::u8 in_kick_window = 0;  // 1: only between a call's publish and its kick
};

// Non-owning view of a compiled scenario. CompiledScenario owns what it points to.
struct ScenarioView {
  core::u32 cpu_count = 0;
  const Op* ops = nullptr;
  core::u32 op_count = 0;
  const core::u32* programs = nullptr;   // by CPU: where its program begins, kNoBody if it has none
  const core::u32* functions = nullptr;  // by function: where its body begins
  core::u32 function_count = 0;
  const core::CpuSet* sets = nullptr;
  core::u32 set_count = 0;
  const core::u32* barrier_parties = nullptr;  // by barrier: how many CPUs meet
  core::u32 barrier_count = 0;
  core::u32 lock_count = 0;
  core::u32 async_slots = 0;   // records of call_async, for each CPU
  core::u32 nowait_slots = 0;  // records of nowait calls, for each CPU; a power of two
  core::CpuSet steady;         // CPUs that never leave the set of callable CPUs
  const DeviceOp* devices = nullptr;
  core::u32 device_count = 0;
};

}  // namespace crosscall::scenario

#endif  // AGENT_SCENARIO_OPS_H_
