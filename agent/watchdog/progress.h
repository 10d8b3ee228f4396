// The overdue rule: when does a trial that was getting on count as hung? Pure; the caller brings pulses and times.
//
// A trial hangs when, for the deadline,
//   - one call stays on some CPU's stack, or some CPU stays at one wait for another CPU's part of a call; or
//   - nothing moves on any CPU while some CPU waits for a lock or a barrier, or is in a call; or
//   - nothing moves on any CPU and `stopped` says that the machine took the threads away.
// Outside calls a worker may be busy with itself (it joins its samples between batches): if no CPU is in a call and
// nothing moves, only the longer `idle_limit` makes it a hang.
//
// Waits for a program's locks and barriers do not count while other calls complete: they are the program's business.
// The observer's clock counts, not the worker's: a wait begins when it is first seen.
#ifndef AGENT_WATCHDOG_PROGRESS_H_
#define AGENT_WATCHDOG_PROGRESS_H_

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "agent/core/types.h"
#include "agent/watchdog/evidence.h"

namespace crosscall::watchdog {

// One CPU's words that tell whether it gets on.
struct CpuPulse {
  core::Site site = core::Site::kNone;
  std::uint64_t wait_call = 0;
  std::uint64_t outermost_call = 0;  // of the first call frame on its stack; 0: in no call
  std::uint64_t calls_started = 0;
  std::uint64_t calls_returned = 0;
  std::uint64_t heartbeat = 0;
  std::uint64_t requests_taken = 0;
  std::uint64_t functions_run = 0;
  bool finished = false;

  friend bool operator==(const CpuPulse&, const CpuPulse&) = default;
};

struct TrialPulse {
  bool started = false;   // the timed part has begun
  bool finished = false;  // every program has ended for good
  std::vector<CpuPulse> cpus;

  std::uint64_t CompletedCalls() const;
};

// Times are spans since any fixed point. Not thread-safe.
class ProgressTracker {
 public:
  struct Limits {
    absl::Duration deadline;
    absl::Duration idle_limit;
  };
  // `now` is when the timed part began, or was allowed to.
  ProgressTracker(const Limits& limits, absl::Duration now) : limits_(limits), last_move_(now), last_call_(now) {}

  // Takes the newest pulse. `stopped`: no thread of the worker can run (state T, or gone).
  void Update(const TrialPulse& pulse, bool stopped, absl::Duration now);

  bool Hung(absl::Duration now) const { return !OverdueAt(now).empty() || StandsStill(now); }
  // Some wait is older than half of the deadline: a moment to take a first look at the threads.
  bool HalfWay(absl::Duration now) const { return OldestWait(now) >= limits_.deadline / 2; }
  // The CPUs whose call or wait is older than the deadline, the oldest first, then the lower number.
  std::vector<Overdue> OverdueAt(absl::Duration now) const;
  // By CPU: how long it has been at its wait site; zero if at none.
  std::vector<absl::Duration> WaitsAt(absl::Duration now) const;
  // From the moment the deadline passed.
  absl::Duration Detection(absl::Duration now) const;

  std::uint64_t completed_calls() const { return completed_calls_; }
  absl::Duration SinceLastCall(absl::Duration now) const { return now - last_call_; }

 private:
  struct Tracked {
    CpuPulse pulse;
    absl::Duration call_since;  // outermost_call has been that call
    absl::Duration wait_since;  // site and wait have been those
  };
  static bool WaitsForCpu(core::Site site);
  static bool SameWait(const CpuPulse& a, const CpuPulse& b);
  static bool Moved(const CpuPulse& before, const CpuPulse& now);
  bool StandsStill(absl::Duration now) const;
  absl::Duration Waited(const Tracked& tracked, absl::Duration now) const;
  absl::Duration OldestWait(absl::Duration now) const;
  absl::Duration StandstillLimit() const;

  Limits limits_;
  std::vector<Tracked> cpus_;
  bool stopped_ = false;
  absl::Duration last_move_;
  absl::Duration last_call_;
  std::uint64_t completed_calls_ = 0;
};

}  // namespace crosscall::watchdog

#endif  // AGENT_WATCHDOG_PROGRESS_H_
