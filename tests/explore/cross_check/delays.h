// Where and how long a CPU is held up at its scheduling points: seeded, bounded, and mostly not at all.
//
// Two ways of holding up, since either finds what the other hardly ever does. Pauses come by chance at any point: they
// stir whatever is close in time anyway. Stops come at a few points chosen beforehand, and last until the other CPUs
// have passed many of theirs;
// one CPU at a time: they let one CPU run through a whole call while another stands between two steps of its
// own. The latter is probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi and Nagarakatte, ASPLOS 2010):
// an execution that needs d stops is found with a chance of about 1/(points^d), not 2^-points.
//
// Nothing here makes an execution impossible, or waits without a bound: a run that hangs does not hang because of it.
#ifndef TESTS_EXPLORE_CROSS_CHECK_DELAYS_H_
#define TESTS_EXPLORE_CROSS_CHECK_DELAYS_H_

#include <array>
#include <atomic>

#include "agent/core/types.h"

namespace crosscall::cross_check {

using core::CpuId;
using core::u32;
using core::u64;

// Scenario CPUs of a run; those of the explorer.
inline constexpr CpuId kMaxCpus = 6;
inline constexpr u32 kMaxStops = 3;

// What the seed says. `pause_one_in` 0: no pauses. A stop is the number of a point, from 1; 0 is none.
struct DelayPlan {
  u32 pause_one_in = 0;
  u32 pause_spins = 0;  // at most
  u32 stop_points = 0;  // points that the others pass during a stop
  std::array<std::array<u64, kMaxStops>, kMaxCpus> stops = {};

  bool operator==(const DelayPlan&) const = default;
};

// Pure. Neighbouring seeds give plans of different kinds, so that few seeds in a row have all of them. Stops are among
// the first `horizon` points of a CPU; 0: not known.
DelayPlan MakeDelayPlan(u64 seed, u32 cpus, u64 horizon);

// Thread safety: Enter and AtPoint on the CPUs' threads, AtPoint also in their handlers.
class Delays {
 public:
  // `cpus` at most kMaxCpus.
  Delays(const DelayPlan& plan, u64 seed, u32 cpus);
  Delays(const Delays&) = delete;
  Delays& operator=(const Delays&) = delete;

  // From here on the calling thread's points are those of that CPU.
  void Enter(CpuId cpu);

  // A scheduling point of this thread; nothing on a thread that has not entered. Async-signal-safe.
  static void AtPoint() {
    if (Cpu* const cpu = here_; cpu != nullptr) cpu->owner->Pass(*cpu);
  }

  // How many points that CPU has passed.
  u64 points(CpuId cpu) const { return cpus_[cpu].points.load(std::memory_order_relaxed); }

 private:
  // A CPU's handlers interrupt its own Pass and move the same words. A lost update costs a number of the seeded stream.
  struct alignas(core::kCacheLine) Cpu {
    Delays* owner = nullptr;
    CpuId id = 0;
    std::atomic<u64> points{0};
    std::atomic<u64> random{0};
  };

  void Pass(Cpu& cpu);
  bool StopsAt(const Cpu& cpu, u64 point) const;
  void Stop(const Cpu& cpu);
  void PauseByChance(Cpu& cpu);
  u64 PointsOfOthers(const Cpu& cpu) const;

  const DelayPlan plan_;
  const u32 cpu_count_;
  std::atomic<u32> stopped_{0};  // a CPU is
  std::array<Cpu, kMaxCpus> cpus_;

  // Initial-exec, as in agent/ports/signal_cpu.h: a handler must not enter the allocator that a lazy access may call.
  [[gnu::tls_model("initial-exec")]] static constinit thread_local Cpu* here_;
};

}  // namespace crosscall::cross_check

#endif  // TESTS_EXPLORE_CROSS_CHECK_DELAYS_H_
