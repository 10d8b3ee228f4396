#include "agent/watchdog/region_reader.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "proto/shared/durable_file.h"

namespace crosscall::watchdog {
namespace {

using core::Peek;

// As core::Peek: an observer orders nothing by what it reads.
std::uint32_t Peek32(const core::u32& field) { return __atomic_load_n(&field, __ATOMIC_RELAXED); }

// Counts x size bytes at `offset` lie within `bytes`; cannot overflow.
bool Fits(std::uint64_t offset, std::uint64_t count, std::uint64_t size, std::uint64_t bytes) {
  return offset <= bytes && count <= (bytes - offset) / size;
}

absl::Status Insane(absl::string_view what, std::uint64_t found) {
  return absl::InvalidArgumentError(absl::StrCat("the worker's flight region is no such thing: ", what, " ", found));
}

std::optional<std::uint32_t> KnownCpu(std::uint64_t value, std::uint32_t cpu_count) {
  if (value >= cpu_count) return std::nullopt;
  return static_cast<std::uint32_t>(value);
}

core::Site SaneSite(std::uint64_t value) {
  return value <= static_cast<std::uint64_t>(core::Site::kBarrier) ? static_cast<core::Site>(value) : core::Site::kNone;
}

FrameLook DecodeFrame(std::uint64_t call, std::uint64_t packed) {
  FrameLook frame;
  const std::uint64_t kind = packed & 0xff;
  const std::uint64_t phase = (packed >> 8) & 0xff;
  if (kind <= static_cast<std::uint64_t>(core::FrameKind::kWindow)) frame.kind = static_cast<core::FrameKind>(kind);
  if (phase <= static_cast<std::uint64_t>(core::CallPhase::kSkipped)) frame.phase = static_cast<core::CallPhase>(phase);
  frame.target = static_cast<std::uint32_t>((packed >> 16) & 0xffff);
  frame.call = call;
  return frame;
}

std::vector<FrameLook> Frames(const core::CpuState& state) {
  std::vector<FrameLook> frames;
  const std::uint64_t count = std::min<std::uint64_t>(Peek(state.frame_count), core::kMaxFrames);
  for (std::uint64_t i = 0; i < count; ++i) {
    frames.push_back(DecodeFrame(Peek(state.frames[i].call), Peek(state.frames[i].packed)));
  }
  return frames;
}

std::vector<std::uint32_t> WaitCpus(const core::CpuState& state, std::uint32_t cpu_count) {
  if (const auto cpu = KnownCpu(Peek(state.wait_for), cpu_count)) return {*cpu};
  std::vector<std::uint32_t> cpus;
  for (std::uint32_t cpu = 0; cpu < cpu_count; ++cpu) {
    if ((Peek(state.wait_mask[cpu / 64]) >> (cpu % 64)) & 1) cpus.push_back(cpu);
  }
  return cpus;
}

}  // namespace

absl::StatusOr<std::unique_ptr<RegionReader>> RegionReader::Open(int memfd) {
  const int seals = fcntl(memfd, F_GET_SEALS);
  if (seals < 0 || (seals & F_SEAL_SHRINK) == 0) {
    return absl::FailedPreconditionError("the flight region is not sealed against shrinking");
  }
  struct stat status;
  if (fstat(memfd, &status) != 0) return shared::ErrnoStatus(errno, "fstat of the flight region");
  const auto bytes = static_cast<std::uint64_t>(status.st_size);
  if (bytes < sizeof(core::RegionHeader) || bytes > kMaxRegionBytes) return Insane("size", bytes);
  void* base = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, memfd, 0);
  if (base == MAP_FAILED) return shared::ErrnoStatus(errno, "mapping the flight region");
  absl::StatusOr<Layout> layout = CheckHeader(*static_cast<const core::RegionHeader*>(base), bytes);
  if (!layout.ok()) {
    munmap(base, bytes);
    return layout.status();
  }
  return absl::WrapUnique(new RegionReader(static_cast<const std::byte*>(base), bytes, *layout));
}

RegionReader::RegionReader(const std::byte* base, std::size_t bytes, const Layout& layout)
    : base_(base), bytes_(bytes), layout_(layout) {}

RegionReader::~RegionReader() { munmap(const_cast<std::byte*>(base_), bytes_); }

absl::StatusOr<RegionReader::Layout> RegionReader::CheckHeader(const core::RegionHeader& header, std::uint64_t bytes) {
  // Acquire: the magic is written last, so the rest of the header is what was written before it.
  const std::uint64_t magic = __atomic_load_n(&header.magic, __ATOMIC_ACQUIRE);
  if (magic != core::kRegionMagic) return Insane("magic number", magic);
  if (const std::uint32_t version = Peek32(header.version); version != core::kRegionVersion) {
    return Insane("version", version);
  }
  Layout layout;
  layout.cpu_count = Peek32(header.cpu_count);
  layout.lock_count = Peek32(header.lock_count);
  layout.ring_size = Peek32(header.ring_size);
  layout.locks_offset = Peek(header.locks_offset);
  layout.cpus_offset = Peek(header.cpus_offset);
  layout.rings_offset = Peek(header.rings_offset);
  if (layout.cpu_count == 0 || layout.cpu_count > core::kMaxCpus) return Insane("number of CPUs", layout.cpu_count);
  if (layout.lock_count == 0 || layout.lock_count > kMaxRegionLocks) return Insane("lock count", layout.lock_count);
  const bool power_of_two = layout.ring_size != 0 && (layout.ring_size & (layout.ring_size - 1)) == 0;
  if (!power_of_two) return Insane("ring size", layout.ring_size);
  for (const std::uint64_t offset : {layout.locks_offset, layout.cpus_offset, layout.rings_offset}) {
    if (offset % core::kCacheLine != 0) return Insane("misaligned offset", offset);
  }
  if (!Fits(layout.locks_offset, layout.lock_count, sizeof(core::LockState), bytes)) {
    return Insane("locks outside the region, at", layout.locks_offset);
  }
  if (!Fits(layout.cpus_offset, layout.cpu_count, sizeof(core::CpuState), bytes)) {
    return Insane("CPU states outside the region, at", layout.cpus_offset);
  }
  const std::uint64_t stamps = std::uint64_t{layout.cpu_count} * layout.ring_size;
  if (!Fits(layout.rings_offset, stamps, sizeof(core::Stamp), bytes)) {
    return Insane("stamp rings outside the region, at", layout.rings_offset);
  }
  return layout;
}

const core::RegionHeader& RegionReader::header() const { return *reinterpret_cast<const core::RegionHeader*>(base_); }

const core::CpuState& RegionReader::cpu(std::uint32_t index) const {
  return reinterpret_cast<const core::CpuState*>(base_ + layout_.cpus_offset)[index];
}

const core::LockState& RegionReader::lock(std::uint32_t index) const {
  return reinterpret_cast<const core::LockState*>(base_ + layout_.locks_offset)[index];
}

const core::Stamp* RegionReader::ring(std::uint32_t cpu_index) const {
  return reinterpret_cast<const core::Stamp*>(base_ + layout_.rings_offset) +
         std::size_t{cpu_index} * layout_.ring_size;
}

TrialPulse RegionReader::Pulse() const {
  TrialPulse pulse;
  pulse.started = Peek(header().trial_started) != 0;
  pulse.finished = Peek(header().trial_finished) != 0;
  pulse.cpus.resize(layout_.cpu_count);
  for (std::uint32_t i = 0; i < layout_.cpu_count; ++i) {
    const core::CpuState& state = cpu(i);
    CpuPulse& out = pulse.cpus[i];
    out.site = SaneSite(Peek(state.site));
    out.wait_call = Peek(state.wait_call);
    out.calls_started = Peek(state.calls_started);
    out.calls_returned = Peek(state.calls_returned);
    out.heartbeat = Peek(state.heartbeat);
    out.requests_taken = Peek(state.requests_taken);
    out.functions_run = Peek(state.functions_run);
    out.finished = Peek(state.finished) != 0;
    for (const FrameLook& frame : Frames(state)) {
      if (frame.kind == core::FrameKind::kCall) {
        out.outermost_call = frame.call;
        break;
      }
    }
  }
  return pulse;
}

CpuLook RegionReader::SnapshotCpu(std::uint32_t index) const {
  const core::CpuState& state = cpu(index);
  CpuLook look;
  look.thread_id = Peek(state.thread_id);
  look.board_cpu = static_cast<std::uint32_t>(Peek(state.board_cpu));
  look.irqs_masked = Peek(state.irqs_masked) != 0;
  look.ipis_barred = Peek(state.ipis_barred) != 0;
  look.site = SaneSite(Peek(state.site));
  look.wait_call = Peek(state.wait_call);
  if (look.site == core::Site::kLock || look.site == core::Site::kOwn) {
    const std::uint64_t index_of_lock = look.site == core::Site::kOwn ? 0 : Peek(state.wait_for);
    if (index_of_lock < layout_.lock_count) look.wait_lock = static_cast<std::uint32_t>(index_of_lock);
  } else if (look.site == core::Site::kClaim || look.site == core::Site::kCompletion) {
    look.wait_cpus = WaitCpus(state, layout_.cpu_count);
  }
  look.frames = Frames(state);
  look.heartbeat = Peek(state.heartbeat);
  look.calls_started = Peek(state.calls_started);
  look.calls_returned = Peek(state.calls_returned);
  look.kicks_sent = Peek(state.kicks_sent);
  look.ipi_entries = Peek(state.ipi_entries);
  look.spurious_entries = Peek(state.spurious_entries);
  look.functions_run = Peek(state.functions_run);
  look.last_ipi_entry = Peek(state.last_ipi_entry);
  look.finished = Peek(state.finished) != 0;
  look.kicks_received = Peek(state.kicks_received);
  look.kicks_lost = Peek(state.kicks_lost);
  look.last_kick = Peek(state.last_kick);
  look.requests_published = Peek(state.requests_published);
  look.requests_taken = Peek(state.requests_taken);
  std::vector<StampLook> newest;
  AppendRing(index, 1, newest);
  if (!newest.empty()) look.newest_stamp_time = newest.back().stamp.time;
  return look;
}

Look RegionReader::Snapshot() const {
  Look look;
  look.ipi_signal = Peek32(header().ipi_signal);
  look.cpus.reserve(layout_.cpu_count);
  for (std::uint32_t i = 0; i < layout_.cpu_count; ++i) look.cpus.push_back(SnapshotCpu(i));
  for (std::uint32_t i = 0; i < layout_.lock_count; ++i) {
    const std::uint64_t holder = Peek(lock(i).holder);
    look.lock_holders.push_back(holder == 0 ? std::nullopt : KnownCpu(holder - 1, layout_.cpu_count));
  }
  return look;
}

void RegionReader::AppendRing(std::uint32_t index, std::size_t limit, std::vector<StampLook>& out) const {
  // Acquire: pairs with the writer's release of ring_head, which publishes the slots below it.
  const std::uint64_t head = __atomic_load_n(&cpu(index).ring_head, __ATOMIC_ACQUIRE);
  const std::uint64_t count = std::min<std::uint64_t>({head, layout_.ring_size, limit});
  for (std::uint64_t position = head - count; position != head; ++position) {
    const core::Stamp& slot = ring(index)[position & (layout_.ring_size - 1)];
    StampLook look;
    look.cpu = index;
    // Acquire: a slot being overwritten shows its new index before or while its other words change.
    look.stamp.index = __atomic_load_n(&slot.index, __ATOMIC_ACQUIRE);
    look.stamp.time = Peek(slot.time);
    look.stamp.call = Peek(slot.call);
    look.stamp.stage = __atomic_load_n(&slot.stage, __ATOMIC_RELAXED);
    look.stamp.peer = __atomic_load_n(&slot.peer, __ATOMIC_RELAXED);
    look.stamp.detail = __atomic_load_n(&slot.detail, __ATOMIC_RELAXED);
    look.stamp.reserved = 0;
    if (look.stamp.index == position) out.push_back(look);
  }
}

std::vector<StampLook> RegionReader::Timeline(std::size_t limit) const {
  std::vector<StampLook> stamps;
  for (std::uint32_t i = 0; i < layout_.cpu_count; ++i) AppendRing(i, limit, stamps);
  const std::uint64_t started = Peek(header().trial_started);
  std::erase_if(stamps, [started](const StampLook& look) { return look.stamp.time < started; });
  std::stable_sort(stamps.begin(), stamps.end(),
                   [](const StampLook& a, const StampLook& b) { return a.stamp.time < b.stamp.time; });
  if (stamps.size() > limit) stamps.erase(stamps.begin(), stamps.end() - static_cast<std::ptrdiff_t>(limit));
  return stamps;
}

ClockScale RegionReader::Clock() const {
  const std::uint64_t started = Peek(header().trial_started);
  return {started != 0 ? started : Peek(header().clock_base), Peek(header().clock_mult)};
}

}  // namespace crosscall::watchdog
