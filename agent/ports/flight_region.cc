#include "agent/ports/flight_region.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/ports/board_clock.h"

namespace crosscall::ports {
namespace {

using core::u32;
using core::u64;

// The program's locks and the algorithm's own one.
constexpr u32 kMaxLocks = 65;

absl::Status CheckCounts(u32 cpu_count, u32 lock_count, u32 ring_size) {
  if (cpu_count == 0 || cpu_count > core::kMaxCpus) {
    return absl::InvalidArgumentError(
        absl::StrCat("flight region for ", cpu_count, " CPUs: must be 1 to ", core::kMaxCpus));
  }
  if (lock_count == 0 || lock_count > kMaxLocks) {
    return absl::InvalidArgumentError(
        absl::StrCat("flight region for ", lock_count, " locks: must be 1 to ", kMaxLocks));
  }
  const bool power_of_two = ring_size != 0 && (ring_size & (ring_size - 1)) == 0;
  if (!power_of_two || ring_size > FlightRegion::kMaxRingSize) {
    return absl::InvalidArgumentError(absl::StrCat("flight region with rings of ", ring_size,
                                                   " stamps: must be a power of two, at most ",
                                                   FlightRegion::kMaxRingSize));
  }
  return absl::OkStatus();
}

// Pages are reserved here, so that a lack of memory is a status now and not a SIGBUS in the middle of a trial.
absl::Status Reserve(int memfd, u64 bytes) {
  if (ftruncate(memfd, static_cast<off_t>(bytes)) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot size the flight region's file to ", bytes, " bytes: ", strerror(errno)));
  }
  if (fallocate(memfd, 0, 0, static_cast<off_t>(bytes)) != 0) {
    const bool no_memory = errno == ENOSPC || errno == ENOMEM;
    const std::string text = absl::StrCat("cannot reserve ", bytes, " bytes for the flight region: ", strerror(errno));
    return no_memory ? absl::ResourceExhaustedError(absl::StrCat(text, "; use fewer CPUs or smaller rings"))
                     : absl::FailedPreconditionError(text);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<FlightRegion> FlightRegion::Create(int memfd, u32 cpu_count, u32 lock_count, u32 ring_size) {
  if (absl::Status status = CheckCounts(cpu_count, lock_count, ring_size); !status.ok()) return status;
  const u64 bytes = core::RegionBytes(cpu_count, lock_count, ring_size);
  if (absl::Status status = Reserve(memfd, bytes); !status.ok()) return status;
  // Populated: no page fault on the timed path.
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, memfd, 0);
  if (memory == MAP_FAILED) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot map the flight region's ", bytes, " bytes: ", strerror(errno)));
  }
  memset(memory, 0, bytes);

  auto* header = static_cast<core::RegionHeader*>(memory);
  header->version = core::kRegionVersion;
  header->cpu_count = cpu_count;
  header->lock_count = lock_count;
  header->ring_size = ring_size;
  header->cpus_offset = bytes - u64{cpu_count} * (sizeof(core::CpuState) + u64{ring_size} * sizeof(core::Stamp));
  header->locks_offset = header->cpus_offset - u64{lock_count} * sizeof(core::LockState);
  header->rings_offset = header->cpus_offset + u64{cpu_count} * sizeof(core::CpuState);
  header->total_bytes = bytes;
  header->clock_base = BoardClock::Get().base();
  header->clock_mult = BoardClock::Get().mult();
  // Release: an observer that sees the magic sees the header.
  __atomic_store_n(&header->magic, core::kRegionMagic, __ATOMIC_RELEASE);
  return FlightRegion(memory);
}

FlightRegion::FlightRegion(void* memory)
    : cpu_count_(static_cast<core::RegionHeader*>(memory)->cpu_count),
      lock_count_(static_cast<core::RegionHeader*>(memory)->lock_count),
      ring_size_(static_cast<core::RegionHeader*>(memory)->ring_size),
      bytes_(static_cast<core::RegionHeader*>(memory)->total_bytes),
      header_(static_cast<core::RegionHeader*>(memory)),
      locks_(reinterpret_cast<core::LockState*>(static_cast<char*>(memory) + header_->locks_offset)),
      cpus_(reinterpret_cast<core::CpuState*>(static_cast<char*>(memory) + header_->cpus_offset)),
      rings_(reinterpret_cast<core::Stamp*>(static_cast<char*>(memory) + header_->rings_offset)) {}

FlightRegion::FlightRegion(FlightRegion&& other) noexcept
    : cpu_count_(other.cpu_count_),
      lock_count_(other.lock_count_),
      ring_size_(other.ring_size_),
      bytes_(other.bytes_),
      header_(std::exchange(other.header_, nullptr)),
      locks_(other.locks_),
      cpus_(other.cpus_),
      rings_(other.rings_) {}

FlightRegion& FlightRegion::operator=(FlightRegion&& other) noexcept {
  std::swap(cpu_count_, other.cpu_count_);
  std::swap(lock_count_, other.lock_count_);
  std::swap(ring_size_, other.ring_size_);
  std::swap(bytes_, other.bytes_);
  std::swap(header_, other.header_);
  std::swap(locks_, other.locks_);
  std::swap(cpus_, other.cpus_);
  std::swap(rings_, other.rings_);
  return *this;
}

FlightRegion::~FlightRegion() {
  if (header_ != nullptr) munmap(header_, bytes_);
}

}  // namespace crosscall::ports
