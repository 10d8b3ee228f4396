// Runs trials one after the other on a thread of its own, so that the agent's loop never waits for a worker.
//
// Thread safety: used by one thread; what happens is posted to that thread's mailbox.
#ifndef AGENT_SUPERVISOR_TRIAL_RUNNER_H_
#define AGENT_SUPERVISOR_TRIAL_RUNNER_H_

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "agent/supervisor/mailbox.h"
#include "agent/supervisor/trial_process.h"
#include "proto/shared/resource_name.h"

namespace crosscall::supervisor {

// How one trial is run: TrialProcess::Run with its options, or a test's stand-in. Called on the runner's thread.
using RunTrial =
    std::function<absl::StatusOr<v1::TrialResult>(const v1::TrialSpec& spec, const std::string& attempt_name,
                                                  const Cancellation& cancellation, const ProgressCallback& progress)>;

class TrialRunner {
 public:
  struct Events {
    std::function<void(const shared::AttemptKey&)> running;
    // CANCELLED after Stop, unless the result came first; another status if it could not start.
    std::function<void(const shared::AttemptKey&, absl::StatusOr<v1::TrialResult>)> ended;
  };

  // `mailbox` outlives the runner and everything posted to it.
  TrialRunner(RunTrial run, Mailbox& mailbox, Events events);
  // Cancels the running trial and waits until its worker is gone.
  ~TrialRunner();

  // Runs it now, or when the trials before it have ended.
  void Start(const shared::AttemptKey& key, const v1::TrialSpec& spec);
  // Cancels or forgets it; unknown keys are ignored.
  void Stop(const shared::AttemptKey& key);
  // Cancels or forgets all.
  void StopAll();

  // The trial that runs, or null; and its progress.
  const shared::AttemptKey* current() const { return current_ ? &current_->key : nullptr; }
  TrialProgress progress() const;

 private:
  struct Job {
    shared::AttemptKey key;
    v1::TrialSpec spec;
  };
  struct Current {
    shared::AttemptKey key;
    Cancellation cancellation;
    std::thread thread;
    mutable shared::Mutex mutex;
    TrialProgress progress CROSSCALL_GUARDED_BY(mutex);
  };
  void StartNext();
  void Work(Current& current, const v1::TrialSpec& spec);
  void OnEnded(absl::StatusOr<v1::TrialResult> result);

  RunTrial run_;
  Mailbox& mailbox_;
  Events events_;
  std::deque<Job> waiting_;
  std::unique_ptr<Current> current_;
};

}  // namespace crosscall::supervisor

#endif  // AGENT_SUPERVISOR_TRIAL_RUNNER_H_
