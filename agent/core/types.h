// Fixed-width types and the vocabulary that core shares with its ports. No library header: core is also linked into a
// kernel module.
#ifndef AGENT_CORE_TYPES_H_
#define AGENT_CORE_TYPES_H_

namespace crosscall::core {

using u8 = __UINT8_TYPE__;
using u16 = __UINT16_TYPE__;
using u32 = __UINT32_TYPE__;
using u64 = __UINT64_TYPE__;
using i32 = __INT32_TYPE__;
using i64 = __INT64_TYPE__;
using usize = __SIZE_TYPE__;
using uptr = __UINTPTR_TYPE__;

// Results of the call family, named after the errno values they stand for. Never negative numbers in disguise.
// Declared before the constant kNoCpu, which its member would else shadow.
enum class Result : u8 {
  kOk = 0,
  kBusy = 1,           // EBUSY: the record is in use, or the policy refuses to wait with interrupts masked
  kNoCpu = 2,          // ENXIO: that CPU is offline or does not exist
  kNoMemory = 3,       // ENOMEM: no record, and the policy refuses to wait instead
  kWouldDeadlock = 4,  // EDEADLK: misuse, refused in strict mode
};

// Scenario CPUs are numbered from 0.
using CpuId = u32;
inline constexpr CpuId kMaxCpus = 1024;
inline constexpr CpuId kNoCpu = ~CpuId{0};

inline constexpr usize kCacheLine = 64;

// C++11 memory orders. Core states one with every access; the model port takes them seriously.
enum class Order : u8 { kRelaxed, kAcquire, kRelease, kAcqRel, kSeqCst };

// Where a CPU spins for another one. The wait policy is asked at each.
enum class Site : u8 {
  kNone = 0,
  kLock = 1,        // a lock of the program
  kOwn = 2,         // the algorithm's own call lock
  kClaim = 3,       // a record still in use
  kCompletion = 4,  // the end of the called functions
  kBarrier = 5,     // a barrier of the program; no policy is asked
};

// What masking interrupts bars.
enum class IrqModel : u8 {
  kMaskAll = 0,  // IPIs too
  kIpiOpen = 1,  // everything but IPIs
};

enum class WaitPolicy : u8 { kSpin = 0, kPollCompletion = 1, kPollEverywhere = 2, kOpenWindow = 3, kFailFast = 4 };

// A called function. Runs on the target with interrupts masked; must be short and must not sleep.
using Function = void (*)(void* argument);

}  // namespace crosscall::core

#endif  // AGENT_CORE_TYPES_H_
