#include "agent/supervisor/trial_runner.h"

#include <algorithm>
#include <utility>

namespace crosscall::supervisor {
namespace {

bool Same(const shared::AttemptKey& a, const shared::AttemptKey& b) {
  return a.trial == b.trial && a.attempt == b.attempt;
}

}  // namespace

TrialRunner::TrialRunner(RunTrial run, Mailbox& mailbox, Events events)
    : run_(std::move(run)), mailbox_(mailbox), events_(std::move(events)) {}

TrialRunner::~TrialRunner() {
  StopAll();
  if (!current_) return;
  // Its last event stays in the mailbox; the owner runs no more events once it destroys the runner.
  if (current_->thread.joinable()) current_->thread.join();
}

void TrialRunner::Start(const shared::AttemptKey& key, const v1::TrialSpec& spec) {
  waiting_.push_back({key, spec});
  StartNext();
}

void TrialRunner::Stop(const shared::AttemptKey& key) {
  if (current_ && Same(current_->key, key)) current_->cancellation.Cancel();
  std::erase_if(waiting_, [&](const Job& job) { return Same(job.key, key); });
}

void TrialRunner::StopAll() {
  waiting_.clear();
  if (current_) current_->cancellation.Cancel();
}

TrialProgress TrialRunner::progress() const {
  if (!current_) return {};
  shared::MutexLock lock(current_->mutex);
  return current_->progress;
}

void TrialRunner::StartNext() {
  if (current_ || waiting_.empty()) return;
  Job job = std::move(waiting_.front());
  waiting_.pop_front();
  current_ = std::make_unique<Current>();
  current_->key = job.key;
  current_->thread = std::thread([this, &current = *current_, spec = std::move(job.spec)] { Work(current, spec); });
}

void TrialRunner::Work(Current& current, const v1::TrialSpec& spec) {
  bool told = false;
  absl::StatusOr<v1::TrialResult> result = run_(spec, shared::AttemptName(current.key.trial, current.key.attempt),
                                                current.cancellation, [&](const TrialProgress& progress) {
                                                  {
                                                    shared::MutexLock lock(current.mutex);
                                                    current.progress = progress;
                                                  }
                                                  if (told || !progress.ready) return;
                                                  told = true;
                                                  mailbox_.Post([this, key = current.key] { events_.running(key); });
                                                });
  mailbox_.Post([this, result = std::move(result)]() mutable { OnEnded(std::move(result)); });
}

void TrialRunner::OnEnded(absl::StatusOr<v1::TrialResult> result) {
  current_->thread.join();
  const shared::AttemptKey key = current_->key;
  current_.reset();
  StartNext();
  events_.ended(key, std::move(result));
}

}  // namespace crosscall::supervisor
