// One trial in a worker process: spawn it, watch it, explain it if it hangs, kill it, reap it.
//
// The worker is not trusted: it may hang, crash, stop, exhaust its memory or write rubbish, and each of that becomes an
// outcome. Nothing of it is left when Run returns (should the kernel not let it die, the reason says so).
//
//   the worker ...                                    outcome
//   sends a result                                    as it says (COMPLETED, REFUSED, INVALID)
//   makes no progress for the spec's deadline         HUNG, with a hang report
//   the same, but its threads only got no processor   INVALID (starved): says nothing about the calls
//   dies, or exits without a result                   CRASHED, with the signal's name and its last output
//   writes rubbish, or a frame over the limit         CRASHED, with what was wrong
//   is not ready in time, or ends without delivering  CRASHED: it ran and did not do its part
//   searches (explore), and stops saying so           CRASHED; a search is no hang, however long: its time limit ends
//   it
//
// A result that arrived before the kill wins over a hang that was being explained.
//
// Thread safety: Run may be called on any thread, and on several at once; it blocks until the trial has ended.
#ifndef AGENT_SUPERVISOR_TRIAL_PROCESS_H_
#define AGENT_SUPERVISOR_TRIAL_PROCESS_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crosscall/v1/result.pb.h"
#include "crosscall/v1/trial.pb.h"

namespace crosscall::supervisor {

struct TrialOptions {
  // Executable of the worker, and arguments after its name.
  std::string worker_path;
  std::vector<std::string> worker_arguments;
  // From the start until Ready: this, and `ready_time_per_cpu` more for each CPU of the spec.
  absl::Duration ready_timeout = absl::Seconds(30);
  absl::Duration ready_time_per_cpu = absl::Milliseconds(100);
  // From the end of the last program to the result; also how long nothing may move while no CPU is in a call, and how
  // long a search may be silent or late.
  absl::Duration result_timeout = absl::Seconds(60);
  // Between the two looks at a hang (reference: a second).
  absl::Duration look_gap = absl::Seconds(1);
  // How long a worker whose threads get no processor is looked at again, every `look_gap`, before the trial is INVALID.
  absl::Duration starved_patience = absl::Seconds(10);
  // From a probe to the look at its effect.
  absl::Duration probe_gap = absl::Milliseconds(200);
  // Address space of the worker, so that it exhausts its own memory and not the board's; 0: no limit.
  std::uint64_t memory_limit_bytes = 0;
  // CPUs on which the worker may run; empty: all that this process may use.
  std::vector<std::uint32_t> cpus;
  // SCHED_FIFO for the watching thread, above the worker's threads, where the system allows it.
  bool realtime_watcher = true;
  // Names the report: `sweeps/{sweep}/trials/{trial}/attempts/{attempt}`; empty in the stand-alone tool.
  std::string attempt_name;
};

// What a watcher knows of a running trial.
struct TrialProgress {
  bool ready = false;  // all CPUs are pinned, the timed part runs; or the search has begun
  std::uint64_t completed_calls = 0;
  absl::Duration since_last_call;  // since completed_calls grew, or the search said that it goes on
};

// Called on the watching thread every few milliseconds; must not block.
using ProgressCallback = std::function<void(const TrialProgress&)>;

// Asks a trial to end early. Thread-safe and async-signal-safe; outlives the Run it is given to.
class Cancellation {
 public:
  // Relaxed: only the flag itself matters, it publishes nothing.
  void Cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> cancelled_{false};
};

class TrialProcess {
 public:
  // Always an outcome, unless the trial could not be started (NOT_FOUND, PERMISSION_DENIED, RESOURCE_EXHAUSTED,
  // INVALID_ARGUMENT) or was cancelled (CANCELLED). `progress` may be empty.
  static absl::StatusOr<v1::TrialResult> Run(const TrialOptions& options, const v1::TrialSpec& spec,
                                             const Cancellation& cancellation, const ProgressCallback& progress);
};

}  // namespace crosscall::supervisor

#endif  // AGENT_SUPERVISOR_TRIAL_PROCESS_H_
