// The memory that a worker shares with its observer: everything the CPUs say about themselves while a trial runs.
// agent/core/stage.h has the layout and the rules for reading it; this file maps it for the side that writes.
//
// Invariants: the region is mapped as long as the object lives; header().magic is set before Create returns, and with
// it the clock. Thread safety: the accessors hand out the shared memory; stage.h says who may write which part of it.
#ifndef AGENT_PORTS_FLIGHT_REGION_H_
#define AGENT_PORTS_FLIGHT_REGION_H_

#include "absl/status/statusor.h"
#include "agent/core/stage.h"

namespace crosscall::ports {

class FlightRegion {
 public:
  // More stamps than any observer reads, so that a wrong argument does not become an allocation of gigabytes.
  static constexpr core::u32 kMaxRingSize = core::u32{1} << 22;

  // Sizes `memfd`, reserves its pages, maps it and writes the header. The file stays the caller's, who may close it.
  // `lock_count` counts the algorithm's own lock (index 0) and the program's; `ring_size` is a power of two.
  // Errors: INVALID_ARGUMENT for counts out of range, RESOURCE_EXHAUSTED without memory for it, FAILED_PRECONDITION if
  // the file cannot be sized or mapped (no memfd, sealed).
  static absl::StatusOr<FlightRegion> Create(int memfd, core::u32 cpu_count, core::u32 lock_count, core::u32 ring_size);

  FlightRegion(FlightRegion&& other) noexcept;
  FlightRegion& operator=(FlightRegion&& other) noexcept;
  ~FlightRegion();

  core::RegionHeader& header() const { return *header_; }
  core::u32 cpu_count() const { return cpu_count_; }
  core::u32 lock_count() const { return lock_count_; }
  core::u32 ring_size() const { return ring_size_; }
  core::LockState& lock(core::u32 index) const { return locks_[index]; }
  core::CpuState& cpu(core::CpuId cpu) const { return cpus_[cpu]; }
  // The first of ring_size() slots of that CPU.
  core::Stamp* ring(core::CpuId cpu) const { return rings_ + core::usize{cpu} * ring_size_; }

 private:
  explicit FlightRegion(void* memory);

  // Private copies: what another process writes into the header must not move our pointers.
  core::u32 cpu_count_;
  core::u32 lock_count_;
  core::u32 ring_size_;
  core::u64 bytes_;
  core::RegionHeader* header_;  // null once moved from
  core::LockState* locks_;
  core::CpuState* cpus_;
  core::Stamp* rings_;
};

}  // namespace crosscall::ports

#endif  // AGENT_PORTS_FLIGHT_REGION_H_
