// One trial, from its spec to its result, in this process. The process may hang or die of it: that is what workers are
// for, and an observer of the flight region is the one who tells.
//
// Thread safety: one trial at a time in a process; called on any thread, returns when all CPU threads have ended.
#ifndef AGENT_MEASURE_TRIAL_H_
#define AGENT_MEASURE_TRIAL_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crosscall/v1/result.pb.h"
#include "crosscall/v1/trial.pb.h"

namespace crosscall::measure {

// Told once, when all CPUs are pinned and calibrated and the timed part is about to begin.
struct TrialReady {
  std::uint32_t cpu_count = 0;
  std::uint64_t region_bytes = 0;
  std::vector<std::string> locks;  // of the scenario, in region order; the algorithm's own lock comes before them
};

struct TrialHooks {
  // May be empty. An error ends the trial before it has begun and is what RunTrial returns.
  std::function<absl::Status(const TrialReady&)> on_ready;
  // Stands before /proc and /sys; empty is this machine.
  std::string root;
};

// `region_memfd` is an empty memfd, which becomes the flight region and stays the caller's. What cannot run here is a
// REFUSED result, what ran without measuring is INVALID, each with its reason; a hang never returns. The only errors
// are those of `hooks.on_ready`.
absl::StatusOr<v1::TrialResult> RunTrial(const v1::TrialSpec& spec, int region_memfd, const TrialHooks& hooks);

}  // namespace crosscall::measure

#endif  // AGENT_MEASURE_TRIAL_H_
