// What a trial's machine does wrong, and which device interrupts it has: the faults of the scenario language as a plain
// plan that the signal port follows. CPUs are scenario CPUs, spans are nanoseconds, occurrences count from 1.
#ifndef AGENT_PORTS_FAULTS_H_
#define AGENT_PORTS_FAULTS_H_

#include <vector>

#include "agent/core/types.h"

namespace crosscall::ports {

struct IpiFault {
  enum class Kind {
    kDrop,       // sets no latch
    kDuplicate,  // sets the latch once more, a little later
    kDelay,      // sets the latch `delay_nanos` later
  };
  Kind kind = Kind::kDrop;
  core::CpuId cpu = 0;        // the target
  core::u64 nth = 0;          // which IPI to that CPU; 0: every one
  core::u64 delay_nanos = 0;  // kDelay only
};

// The CPU takes no step, not even an interrupt, for a span: secure world, SMI, preempted virtual CPU.
struct DescheduleFault {
  enum class Point {
    kAnywhere,         // once, at a random moment near the start
    kHandlerEntry,     // when an IPI handler is entered
    kQueuedNotKicked,  // between publish and kick
  };
  core::CpuId cpu = 0;
  core::u64 span_nanos = 0;
  Point point = Point::kAnywhere;
  core::u64 nth = 0;  // which passage of the point; 0: the first
};

struct AllocFault {
  core::CpuId cpu = 0;
  core::u64 nth = 1;
};

// A source of device interrupts. Raising one that is still pending merges, as with any latch, hence "at most".
struct DeviceInterrupt {
  enum class Point {
    kAnywhere,         // at random moments, seeded
    kQueuedNotKicked,  // only between publish and kick of that CPU's own calls
  };
  static constexpr core::u32 kMaxIndex = 63;

  core::CpuId cpu = 0;
  core::u32 index = 0;  // handed to the device handler, at most kMaxIndex
  core::u64 times = 0;  // raised at most this often
  Point point = Point::kAnywhere;
  core::u64 mean_gap_nanos = 100'000;  // kAnywhere only: mean span between two
};

struct FaultPlan {
  std::vector<IpiFault> ipis;
  std::vector<DescheduleFault> deschedules;
  std::vector<AllocFault> allocs;
  std::vector<DeviceInterrupt> devices;
  std::vector<core::CpuId> mutate_masks;  // CPUs whose mask changes while their calls run
  bool kick_window = false;               // widen the gap between publish and kick by a seeded random span
};

}  // namespace crosscall::ports

#endif  // AGENT_PORTS_FAULTS_H_
