#include "agent/supervisor/trial_watch.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/supervisor/spans.h"
#include "agent/supervisor/watch_priority.h"
#include "proto/shared/clock.h"
#include "proto/shared/hang_text.h"
#include "proto/shared/sanitize.h"
#include "proto/shared/validate.h"

namespace crosscall::supervisor {
namespace {

constexpr absl::Duration kFastestPoll = absl::Milliseconds(2);
constexpr absl::Duration kSlowestPoll = absl::Milliseconds(20);
constexpr absl::Duration kStartingPoll = absl::Milliseconds(20);
constexpr std::size_t kReasonBytes = 4 * 1024;
constexpr std::size_t kLogBytes = 8 * 1024;

absl::Duration Now() { return shared::SystemClock().Monotonic(); }

// HUNG, CRASHED and LOST are said about a worker, not by it.
bool WorkerMaySay(v1::Outcome outcome) {
  return outcome == v1::OUTCOME_COMPLETED || outcome == v1::OUTCOME_REFUSED || outcome == v1::OUTCOME_INVALID;
}

}  // namespace

TrialWatch::TrialWatch(const TrialOptions& options, const v1::TrialSpec& spec, const Cancellation& cancellation,
                       const ProgressCallback& progress, WorkerLink& link, std::string note)
    : options_(options),
      spec_(spec),
      cancellation_(cancellation),
      progress_(progress),
      link_(link),
      note_(std::move(note)),
      deadline_(FromProto(spec.deadline())),
      phase_since_(Now()) {}

absl::StatusOr<v1::TrialResult> TrialWatch::Run() {
  while (!end_) {
    const absl::Status link = link_.Wait(PollInterval());
    // What arrived whole before the rubbish, or before a cancellation, still counts.
    if (TakeFrames()) break;
    if (cancellation_.cancelled()) return absl::CancelledError("the trial was cancelled");
    if (!link.ok()) {
      EndCrashed(absl::StrCat("the worker broke the frame protocol: ", link.message()));
      break;
    }
    if (CheckEnd()) break;
    CheckTime(Now());
  }
  return *std::move(end_);
}

absl::Duration TrialWatch::PollInterval() const {
  // A search has no deadline that could be missed.
  if (phase_ == Phase::kStarting || phase_ == Phase::kSearching) return kStartingPoll;
  return std::clamp(deadline_ / 20, kFastestPoll, kSlowestPoll);
}

bool TrialWatch::TakeFrames() {
  while (!end_ && link_.has_frame()) {
    worker::v1::WorkerFrame frame = link_.TakeFrame();
    if (frame.has_result()) {
      OnResult(std::move(*frame.mutable_result()));
    } else if (frame.has_ready() && MayBeReady()) {
      OnReady(frame.ready(), Now());
    } else if (frame.has_searching() && MaySearch()) {
      OnSearching(Now());
    } else {
      EndCrashed("the worker broke the frame protocol: it sent a frame that has no place here");
    }
  }
  return end_.has_value();
}

bool TrialWatch::MayBeReady() const {
  return phase_ == Phase::kStarting && spec_.target_system() != v1::TARGET_SYSTEM_EXPLORE;
}

bool TrialWatch::MaySearch() const {
  return (phase_ == Phase::kStarting && spec_.target_system() == v1::TARGET_SYSTEM_EXPLORE) ||
         phase_ == Phase::kSearching;
}

bool TrialWatch::CheckEnd() {
  if (!link_.ended()) {
    if (!link_.process().TryReap()) return false;
    // Dead, though something else may hold its socket open: take what it sent before it died.
    (void)link_.Wait(absl::ZeroDuration());
    if (TakeFrames()) return true;
  }
  // Its socket has ended, so it dies or has died; a worker that lives on after that is no use either.
  const std::optional<int> status = link_.process().ReapWithin(absl::Seconds(5));
  // What it printed last lies in the pipe.
  (void)link_.Wait(absl::ZeroDuration());
  EndCrashed(status ? absl::StrCat("the worker ", DescribeExit(*status), " without a result")
                    : "the worker closed its frames and went on without a result");
  return true;
}

bool TrialWatch::CheckTime(absl::Duration now) {
  switch (phase_) {
    case Phase::kStarting:
      CheckStart(now);
      break;
    case Phase::kRunning:
      CheckRun(now);
      break;
    case Phase::kSecondLook:
      CheckSecondLook(now);
      break;
    case Phase::kProbing:
      if (now - phase_since_ < options_.probe_gap) break;
      inquiry_->LookAtProbe();
      EndHung();
      break;
    case Phase::kSearching:
      CheckSearch(now);
      break;
  }
  return end_.has_value();
}

void TrialWatch::CheckStart(absl::Duration now) {
  const int cpus = std::max(spec_.cpus_size(), 1);
  const absl::Duration limit = options_.ready_timeout + cpus * options_.ready_time_per_cpu;
  if (now - phase_since_ <= limit) return;
  EndCrashed(absl::StrCat("the worker was not ready within ", absl::FormatDuration(limit)));
}

void TrialWatch::CheckRun(absl::Duration now) {
  inquiry_->Observe(now);
  ReportProgress(inquiry_->completed_calls(), inquiry_->SinceLastCall(now));
  if (inquiry_->finished()) {
    if (!finished_at_) finished_at_ = now;
    if (now - *finished_at_ > options_.result_timeout) {
      EndCrashed(absl::StrCat("every program ended, but no result came within ",
                              absl::FormatDuration(options_.result_timeout)));
    }
  } else if (inquiry_->Hung(now)) {
    inquiry_->Begin(now);
    EnterPhase(Phase::kSecondLook, now);
    next_look_ = now + options_.look_gap;
  }
}

void TrialWatch::CheckSecondLook(absl::Duration now) {
  if (now < next_look_) return;
  if (inquiry_->LookAgain(now)) {
    EnterPhase(Phase::kProbing, now);
  } else if (inquiry_->Judge().starved && now - phase_since_ < options_.starved_patience) {
    // Threads that were kept from running say nothing yet; another look may find that they ran and still hang.
    next_look_ = now + options_.look_gap;
  } else {
    EndHung();
  }
}

// A search is long by nature and ends itself at its limit, so only a worker that says nothing any more, or that goes on
// after that limit, has failed. It is no hang of the calls: nothing but the search ran.
void TrialWatch::CheckSearch(absl::Duration now) {
  ReportProgress(0, now - last_pulse_);
  if (now - last_pulse_ > options_.result_timeout) {
    EndCrashed(absl::StrCat("the search gave no sign of life for ", absl::FormatDuration(options_.result_timeout)));
  } else if (now - phase_since_ > FromProto(spec_.time_limit()) + options_.result_timeout) {
    EndCrashed(absl::StrCat("the search did not end within ", absl::FormatDuration(options_.result_timeout),
                            " after its time limit"));
  }
}

void TrialWatch::OnSearching(absl::Duration now) {
  last_pulse_ = now;
  if (phase_ == Phase::kSearching) return;
  ready_at_ = now;
  EnterPhase(Phase::kSearching, now);
}

void TrialWatch::OnReady(const worker::v1::Ready& ready, absl::Duration now) {
  auto region = link_.OpenRegion();
  if (!region.ok()) {
    EndCrashed(std::string(region.status().message()));
    return;
  }
  std::vector<std::string> locks;
  for (const std::string& lock : ready.locks()) locks.push_back(shared::CleanLabel(lock));
  inquiry_ = std::make_unique<HangInquiry>(std::move(*region), link_.process().pid(),
                                           watchdog::ProgressTracker::Limits{deadline_, options_.result_timeout},
                                           std::move(locks), now);
  if (options_.realtime_watcher) AvoidCpus(inquiry_->BoardCpus());
  ready_at_ = now;
  EnterPhase(Phase::kRunning, now);
}

void TrialWatch::OnResult(v1::TrialResult result) {
  if (!WorkerMaySay(result.outcome())) {
    EndCrashed(absl::StrCat("the worker sent a result with outcome ", v1::Outcome_Name(result.outcome()),
                            ", which is not for a worker to say"));
    return;
  }
  if (result.ByteSizeLong() > shared::kMaxResultBytes) {
    EndCrashed(absl::StrCat("the worker's result has ", result.ByteSizeLong(), " bytes; at most ",
                            shared::kMaxResultBytes, " are allowed"));
    return;
  }
  if (phase_ == Phase::kProbing) {
    // The worker went on because it was probed: the numbers are the probe's, the finding stays.
    inquiry_->LookAtProbe();
    EndHung();
    return;
  }
  end_ = std::move(result);
  delivered_ = true;
}

void TrialWatch::ReportProgress(std::uint64_t completed_calls, absl::Duration since_last) {
  if (progress_) progress_({true, completed_calls, since_last});
}

void TrialWatch::EnterPhase(Phase phase, absl::Duration now) {
  phase_ = phase;
  phase_since_ = now;
}

void TrialWatch::EndHung() {
  watchdog::Verdict verdict = inquiry_->Judge();
  if (verdict.starved) {
    end_ = Blank(v1::OUTCOME_INVALID,
                 absl::StrCat("starved: ", verdict.starved_reason, "; the trial says nothing about the calls"));
    return;
  }
  verdict.report.set_name(options_.attempt_name);
  if (!note_.empty()) verdict.report.add_reasoning(absl::StrCat("note: ", note_));
  end_ = Blank(v1::OUTCOME_HUNG,
               absl::StrCat(shared::HangClassName(verdict.report.hang_class()), ": ", verdict.report.summary()));
  *end_->mutable_hang() = std::move(verdict.report);
}

void TrialWatch::EndCrashed(const std::string& reason) {
  end_ = Blank(v1::OUTCOME_CRASHED, reason);
  end_->set_worker_log(shared::CleanReport(link_.output(), kLogBytes));
}

v1::TrialResult TrialWatch::Blank(v1::Outcome outcome, const std::string& reason) const {
  v1::TrialResult result;
  result.set_outcome(outcome);
  result.set_reason(shared::CleanText(reason, kReasonBytes));
  result.set_seed(spec_.seed());
  if (inquiry_) {
    result.set_calls(inquiry_->completed_calls());
    result.set_elapsed_nanos(static_cast<std::uint64_t>(absl::ToInt64Nanoseconds(Now() - ready_at_)));
    for (const std::uint32_t cpu : inquiry_->BoardCpus()) result.mutable_environment()->add_board_cpus(cpu);
  }
  result.mutable_environment()->set_version(CROSSCALL_VERSION);
  return result;
}

}  // namespace crosscall::supervisor
