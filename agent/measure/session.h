// The timed life of a trial on the port's threads: calibrate, then batches of rounds with a join after each, until
// there are enough calls or the time is up.
//
//   all CPUs     calibrate -> park -> | batch -> park | -> | batch -> park | -> ... -> finished
//   last to park            starts the trial          joins the stamps, decides whether another batch follows
//
// Within a batch the CPUs that have a program meet after each round, waiting as the target state says; CPUs without one
// are in the target state all the time, serving calls. Parked CPUs sleep. Nobody leaves before all have finished, and
// interrupts are served throughout. A join waits until every request is served, so it never sees half a call; should
// one never be served, the CPU that waits says so at a barrier site, and an observer finds the queue it waits for.
//
// Thread safety: Body runs on all of the port's CPUs at once; the results are for after SignalPort::Join.
#ifndef AGENT_MEASURE_SESSION_H_
#define AGENT_MEASURE_SESSION_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "agent/measure/batch_size.h"
#include "agent/measure/calibration.h"
#include "agent/measure/idler.h"
#include "agent/measure/interrupts.h"
#include "agent/measure/machine.h"
#include "agent/measure/recorder.h"
#include "agent/measure/round_gate.h"
#include "agent/measure/thread_usage.h"
#include "agent/measure/trial_environment.h"
#include "agent/measure/trial_plan.h"
#include "agent/ports/flight_region.h"
#include "agent/ports/signal_port.h"

namespace crosscall::measure {

struct SessionOptions {
  // Called once, on a CPU's thread, when all is calibrated and the timed part is about to begin. An error ends the
  // trial before it has begun.
  std::function<absl::Status()> on_ready;
  std::string root;  // stands before /proc
};

// Costs of measuring, in nanoseconds.
struct Costs {
  std::uint64_t clock_read_nanos = 0;
  std::uint64_t empty_call_nanos = 0;
  std::uint64_t clock_skew_nanos = 0;
};

class Session {
 public:
  // Everything passed outlives the session. `idler` is in the trial's target state.
  Session(const TrialPlan& plan, const SessionOptions& options, ports::FlightRegion& region, ports::SignalPort& port,
          Machine& machine, TrialEnvironment& environment, const Idler& idler);

  void Body(core::CpuId cpu);

  // Afterwards.
  const absl::Status& status() const { return status_; }  // what on_ready said
  const Recorder& recorder() const { return recorder_; }
  const Costs& costs() const { return costs_; }
  const KernelCounters& kernel_before() const { return kernel_before_; }
  const KernelCounters& kernel_after() const { return kernel_after_; }
  const scenario::RoundCounts& counts() const { return total_; }
  std::uint64_t elapsed_nanos() const { return scale_.ToNanos(elapsed_ticks_); }
  std::uint64_t lost_starts() const;
  const ThreadUsage& usage(core::CpuId cpu) const { return cpus_[cpu].usage; }
  std::uint64_t migrations(core::CpuId cpu) const { return cpus_[cpu].migrations; }

 private:
  struct alignas(core::kCacheLine) Cpu {
    scenario::RoundCounts counts;
    ThreadUsage usage;
    std::uint64_t migrations = 0;
    std::atomic<std::uint32_t> probe_turn{0};
  };

  // The steps of a CPU.
  void Calibrate(core::CpuId cpu);
  void MeasureSkew();
  void RunBatch(core::CpuId cpu, bool active);
  void RunActiveRounds(core::CpuId cpu);

  // What one CPU does for all, while the others wait.
  void StartTrial();
  void EndRound();
  void EndBatch();
  void AwaitQuiet();
  bool Quiet() const;
  bool WantsMore() const;
  void PlanBatch();
  void JoinStamps();
  std::uint64_t DryRun();
  std::vector<StampRing> Rings() const;

  const TrialPlan& plan_;
  const SessionOptions& options_;
  ports::FlightRegion& region_;
  ports::SignalPort& port_;
  Machine& machine_;
  TrialEnvironment& environment_;
  const Idler& idler_;
  const Idler sleeper_{v1::TARGET_STATE_SLEEP, false};
  const TickScale scale_;
  const std::uint64_t time_limit_ticks_;  // 0: none
  Recorder recorder_;
  std::vector<Cpu> cpus_;
  std::vector<bool> probed_;  // by CPU: its clock is compared with that of CPU 0
  std::unique_ptr<SkewProbe[]> probes_;
  RoundGate park_;
  RoundGate round_;
  std::atomic<std::uint32_t> batch_{0};  // changes when the batch at hand has ended

  // Written by the one CPU that acts for all, read by the others after they were let go.
  bool stop_ = false;
  bool batch_over_ = false;
  std::uint32_t batch_at_start_ = 0;
  std::uint64_t rounds_left_ = 0;
  std::uint64_t rounds_of_batch_ = 0;
  std::uint64_t stamps_per_round_ = 0;
  std::uint64_t calls_per_round_ = 0;
  std::uint64_t batch_start_ = 0;
  std::uint64_t batch_end_ = 0;
  std::uint64_t elapsed_ticks_ = 0;
  scenario::RoundCounts total_;
  absl::Status status_;
  Costs costs_;
  KernelCounters kernel_before_;
  KernelCounters kernel_after_;
};

}  // namespace crosscall::measure

#endif  // AGENT_MEASURE_SESSION_H_
