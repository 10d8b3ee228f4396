// Watches one ready worker's region and collects the evidence of a hang: pulses, the looks, the probe.
//
// The steps are driven from outside, by time: Observe at every poll; once Hung, Begin, after the gap LookAgain, and if
// that asks for a probe, after its gap LookAtProbe; then Judge. Thread safety: none.
#ifndef AGENT_SUPERVISOR_HANG_INQUIRY_H_
#define AGENT_SUPERVISOR_HANG_INQUIRY_H_

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "agent/watchdog/progress.h"
#include "agent/watchdog/region_reader.h"
#include "agent/watchdog/verdict.h"

namespace crosscall::supervisor {

class HangInquiry {
 public:
  // `now` on any monotonic clock, the same one in every call.
  HangInquiry(std::unique_ptr<watchdog::RegionReader> region, pid_t worker,
              const watchdog::ProgressTracker::Limits& limits, std::vector<std::string> lock_names, absl::Duration now);

  void Observe(absl::Duration now);
  bool Hung(absl::Duration now) const { return tracker_.Hung(now); }
  // Every program has ended for good; the worker should deliver now.
  bool finished() const { return finished_; }
  std::uint64_t completed_calls() const { return tracker_.completed_calls(); }
  absl::Duration SinceLastCall(absl::Duration now) const { return tracker_.SinceLastCall(now); }
  // The board CPUs that the worker says its threads are pinned to.
  std::vector<std::uint32_t> BoardCpus() const;

  void Begin(absl::Duration now);
  // Returns true if an IPI was re-sent and its effect should be looked at.
  bool LookAgain(absl::Duration now);
  void LookAtProbe();
  watchdog::Verdict Judge() const { return watchdog::Judge(evidence_); }

 private:
  watchdog::Look TakeLook() const;
  bool Probe(std::uint32_t cpu) const;

  std::unique_ptr<watchdog::RegionReader> region_;
  pid_t worker_;
  absl::Duration deadline_;
  watchdog::ProgressTracker tracker_;
  watchdog::Evidence evidence_;
  bool finished_ = false;
  absl::Duration half_way_at_;
  absl::Duration begun_at_;
};

}  // namespace crosscall::supervisor

#endif  // AGENT_SUPERVISOR_HANG_INQUIRY_H_
