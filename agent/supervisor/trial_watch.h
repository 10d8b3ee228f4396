// The watch over one running worker: what it says, whether it gets on, and how it ends.
//
// One loop, one clock; nothing in it blocks longer than a poll interval. Thread safety: none.
#ifndef AGENT_SUPERVISOR_TRIAL_WATCH_H_
#define AGENT_SUPERVISOR_TRIAL_WATCH_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/supervisor/hang_inquiry.h"
#include "agent/supervisor/trial_process.h"
#include "agent/supervisor/worker_link.h"
#include "crosscall/v1/result.pb.h"

namespace crosscall::supervisor {

class TrialWatch {
 public:
  // All arguments outlive the watch. `note`: why the watcher has no real-time priority; empty if it has.
  TrialWatch(const TrialOptions& options, const v1::TrialSpec& spec, const Cancellation& cancellation,
             const ProgressCallback& progress, WorkerLink& link, std::string note);

  // Until the worker has ended, one way or another. CANCELLED, or an outcome.
  absl::StatusOr<v1::TrialResult> Run();
  // The outcome is the worker's own word; it only has to exit now.
  bool delivered() const { return delivered_; }

 private:
  // An exploration only starts and searches; there are no CPUs to look at.
  enum class Phase { kStarting, kRunning, kSecondLook, kProbing, kSearching };

  // Each returns true once `end_` is set.
  bool TakeFrames();
  bool CheckEnd();
  bool CheckTime(absl::Duration now);
  void CheckStart(absl::Duration now);
  void CheckRun(absl::Duration now);
  void CheckSecondLook(absl::Duration now);
  void CheckSearch(absl::Duration now);

  // Whether a frame of that kind has its place now.
  bool MayBeReady() const;
  bool MaySearch() const;
  void OnReady(const worker::v1::Ready& ready, absl::Duration now);
  void OnSearching(absl::Duration now);
  void OnResult(v1::TrialResult result);
  void ReportProgress(std::uint64_t completed_calls, absl::Duration since_last);
  void EnterPhase(Phase phase, absl::Duration now);
  void EndHung();
  void EndCrashed(const std::string& reason);
  v1::TrialResult Blank(v1::Outcome outcome, const std::string& reason) const;
  absl::Duration PollInterval() const;

  const TrialOptions& options_;
  const v1::TrialSpec& spec_;
  const Cancellation& cancellation_;
  const ProgressCallback& progress_;
  WorkerLink& link_;
  const std::string note_;
  const absl::Duration deadline_;

  Phase phase_ = Phase::kStarting;
  absl::Duration phase_since_;
  absl::Duration next_look_;
  absl::Duration ready_at_;
  absl::Duration last_pulse_;  // of a search
  std::optional<absl::Duration> finished_at_;
  std::unique_ptr<HangInquiry> inquiry_;
  std::optional<v1::TrialResult> end_;
  bool delivered_ = false;
};

}  // namespace crosscall::supervisor

#endif  // AGENT_SUPERVISOR_TRIAL_WATCH_H_
