// Reads a worker's flight region from outside. The worker may write anything into it at any time: every number is
// checked against the mapping before it is used, and nothing read here can make the reader fault or loop.
//
// Invariants: the layout (counts, offsets) is copied and checked once at Open; what the worker does to the header later
// changes nothing. The memory is sealed against shrinking, so no access can raise SIGBUS.
// Thread safety: const members may be called on several threads.
#ifndef AGENT_WATCHDOG_REGION_READER_H_
#define AGENT_WATCHDOG_REGION_READER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/core/stage.h"
#include "agent/watchdog/evidence.h"
#include "agent/watchdog/progress.h"

namespace crosscall::watchdog {

inline constexpr std::uint64_t kMaxRegionBytes = std::uint64_t{4} << 30;
inline constexpr std::uint32_t kMaxRegionLocks = 4096;

class RegionReader {
 public:
  // Maps `memfd` read-only; the descriptor stays the caller's. FAILED_PRECONDITION if it is not sealed against
  // shrinking, INVALID_ARGUMENT (with what was found) if there is no sane region in it.
  static absl::StatusOr<std::unique_ptr<RegionReader>> Open(int memfd);
  ~RegionReader();
  RegionReader(const RegionReader&) = delete;
  RegionReader& operator=(const RegionReader&) = delete;

  std::uint32_t cpu_count() const { return layout_.cpu_count; }
  std::uint32_t lock_count() const { return layout_.lock_count; }

  // The few words that say whether a trial gets on; cheap enough for every poll.
  TrialPulse Pulse() const;
  // Everything but the stamps and the kernel's view of the threads.
  Look Snapshot() const;
  // The newest stamps of all CPUs since the timed part began, oldest first, at most `limit`. Stamps overwritten while
  // being read are left out.
  std::vector<StampLook> Timeline(std::size_t limit) const;
  ClockScale Clock() const;

 private:
  struct Layout {
    std::uint32_t cpu_count = 0;
    std::uint32_t lock_count = 0;
    std::uint32_t ring_size = 0;
    std::uint64_t locks_offset = 0;
    std::uint64_t cpus_offset = 0;
    std::uint64_t rings_offset = 0;
  };

  RegionReader(const std::byte* base, std::size_t bytes, const Layout& layout);
  static absl::StatusOr<Layout> CheckHeader(const core::RegionHeader& header, std::uint64_t bytes);
  const core::RegionHeader& header() const;
  const core::CpuState& cpu(std::uint32_t index) const;
  const core::LockState& lock(std::uint32_t index) const;
  const core::Stamp* ring(std::uint32_t cpu_index) const;
  CpuLook SnapshotCpu(std::uint32_t index) const;
  void AppendRing(std::uint32_t index, std::size_t limit, std::vector<StampLook>& out) const;

  const std::byte* base_;
  std::size_t bytes_;
  Layout layout_;
};

}  // namespace crosscall::watchdog

#endif  // AGENT_WATCHDOG_REGION_READER_H_
