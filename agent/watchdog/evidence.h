// What an observer saw of a trial: plain values, no memory of the worker's, so that the verdict is a pure function.
//
// One Look is one moment (as far as a running machine has moments); an Evidence is a series of looks at one hang.
// Numbers that the worker wrote were bounds-checked when they were read: every CPU named here exists.
#ifndef AGENT_WATCHDOG_EVIDENCE_H_
#define AGENT_WATCHDOG_EVIDENCE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "agent/core/stage.h"

namespace crosscall::watchdog {

// A frame's target when a call has several; also a stamp's peer.
inline constexpr std::uint32_t kSeveralCpus = 0xffff;

struct FrameLook {
  core::FrameKind kind = core::FrameKind::kNone;
  core::CallPhase phase = core::CallPhase::kNone;
  std::uint32_t target = kSeveralCpus;  // of a call
  std::uint64_t call = 0;               // made (kCall), served (kFunction); lock index + 1 for kLockWait
};

// What the kernel says of a CPU's thread. Spans are cumulative.
struct ThreadLook {
  bool exists = false;
  char state = '?';  // as /proc prints it: R, S, D, T, t, Z, X
  std::uint64_t ran_nanos = 0;
  std::uint64_t runnable_nanos = 0;  // ready to run and waiting for a processor
  std::uint64_t time_slices = 0;     // how often it was put on a processor
  std::uint64_t pending = 0;         // bit n - 1 is signal n
  std::uint64_t blocked = 0;
};

struct CpuLook {
  std::uint64_t thread_id = 0;
  std::uint32_t board_cpu = 0;
  bool irqs_masked = false;
  bool ipis_barred = false;
  core::Site site = core::Site::kNone;
  std::uint64_t wait_call = 0;
  std::vector<std::uint32_t> wait_cpus;    // at claim and completion
  std::optional<std::uint32_t> wait_lock;  // index, at lock and own
  std::vector<FrameLook> frames;           // innermost last

  std::uint64_t heartbeat = 0;
  std::uint64_t calls_started = 0;
  std::uint64_t calls_returned = 0;
  std::uint64_t kicks_sent = 0;
  std::uint64_t ipi_entries = 0;
  std::uint64_t spurious_entries = 0;
  std::uint64_t functions_run = 0;
  std::uint64_t last_ipi_entry = 0;
  bool finished = false;
  std::uint64_t kicks_received = 0;
  std::uint64_t kicks_lost = 0;
  std::uint64_t last_kick = 0;
  std::uint64_t requests_published = 0;
  std::uint64_t requests_taken = 0;
  std::uint64_t newest_stamp_time = 0;  // clock value; 0: none

  ThreadLook thread;

  // Requests published to this CPU and not yet taken.
  std::uint64_t queued() const { return requests_published > requests_taken ? requests_published - requests_taken : 0; }
};

struct Look {
  std::vector<CpuLook> cpus;
  std::vector<std::optional<std::uint32_t>> lock_holders;  // by lock index; 0 is the algorithm's own
  std::uint32_t ipi_signal = 0;                            // 0: this port has none
};

struct StampLook {
  std::uint32_t cpu = 0;
  core::Stamp stamp;
};

// Turns clock values of the worker's port into time since the timed part began.
struct ClockScale {
  std::uint64_t origin = 0;
  std::uint64_t mult = 0;  // nanoseconds = (clock - origin) * mult >> 32

  std::uint64_t Nanos(std::uint64_t clock) const {
    if (clock <= origin) return 0;
    // 128 bits: the worker chose both factors.
    const unsigned __int128 nanos = (static_cast<unsigned __int128>(clock - origin) * mult) >> 32;
    return nanos > UINT64_MAX ? UINT64_MAX : static_cast<std::uint64_t>(nanos);
  }
};

// A CPU whose call or wait has made no progress since `waited` ago, by the observer's clock.
struct Overdue {
  std::uint32_t cpu = 0;
  absl::Duration waited;
};

struct Evidence {
  absl::Duration deadline;
  absl::Duration detection;      // from the deadline to the declaration
  std::vector<Overdue> overdue;  // at the declaration, oldest first; empty if nothing moves and no CPU is in a call
  std::vector<absl::Duration> waited;  // by CPU: how long it has been at its wait site, zero if at none
  std::optional<Look> half_way;        // at about half of the deadline, if it was taken
  absl::Duration since_half_way;       // from there to `first`
  Look first;                          // at the declaration
  absl::Duration gap;                  // from `first` to `second`
  Look second;
  std::optional<Look> probed;  // after an IPI was re-sent
  std::optional<std::uint32_t> probed_cpu;
  std::vector<std::string> lock_names;  // by lock index, from 1: lock_names[0] is the name of lock 1
  std::vector<StampLook> timeline;      // oldest first
  ClockScale clock;
};

}  // namespace crosscall::watchdog

#endif  // AGENT_WATCHDOG_EVIDENCE_H_
