// A board of a simulated lab: its agent, whose decisions are the real AgentProtocol, UploadCursor and Backoff, its
// worker, and its disk with the spool. The loop around them follows agent/supervisor/agent_loop.cc step by step, on
// simulated time.
//
// The process may be killed at any moment and come back as another incarnation; the spool outlives it. Not thread-safe.
#ifndef TESTS_SIM_BOARD_AGENT_H_
#define TESTS_SIM_BOARD_AGENT_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "agent/supervisor/agent_protocol.h"
#include "agent/supervisor/backoff.h"
#include "agent/supervisor/upload_cursor.h"
#include "controller/scheduler/random.h"
#include "tests/sim/controller_host.h"
#include "tests/sim/judge.h"
#include "tests/sim/network.h"
#include "tests/sim/timeline.h"
#include "tests/sim/witness.h"

namespace crosscall::sim {

// What its trials come to, of 1000 each; the rest completes.
struct Temper {
  std::uint64_t hung = 20;
  std::uint64_t crashed = 20;
  std::uint64_t refused = 10;
  std::uint64_t invalid = 30;
  std::uint64_t start_error = 10;
  // The worker hangs and its watchdog sees nothing: it ends by its lease alone.
  std::uint64_t stuck = 0;
  absl::Duration longest_trial = absl::Seconds(60);
};

class BoardAgent {
 public:
  struct Surroundings {
    Timeline& timeline;
    Network& network;
    ControllerHost& controller;
    Witness& witness;
    Judge& judge;
  };
  // May change a report or an upload before it is sent: how agents lie.
  struct Lies {
    std::function<void(v1::SynchronizeRequest&)> report;
    std::function<void(v1::UploadResultRequest&)> upload;
  };
  // `name` tells machines apart, `board` is whom it speaks for.
  BoardAgent(std::string name, std::string board, Surroundings around, scheduler::Random random);

  // Starts a new incarnation, on a new boot if `rebooted`. The left-over worker dies first.
  void Start(bool rebooted = false);
  // kill -9 of the agent, or the board's end; the worker goes with it.
  void Kill();
  // SIGSTOP of the machine, as its pause: what happens meanwhile is handled afterwards.
  void Pause();
  void Resume();
  // Everything on it stops until its power is switched.
  void Wedge();
  // Without power nothing starts; what starts after it is another boot.
  void PowerOff();
  void PowerOn() { powered_ = true; }

  bool up() const { return process_ != nullptr; }
  bool paused() const { return paused_; }
  bool wedged() const { return wedged_; }
  bool powered() const { return powered_; }
  // Nothing of it is broken now.
  bool works() const { return up() && !paused_ && link.clean() && disk_takes_writes && health.empty(); }
  bool idle() const { return up() && process_->jobs.empty(); }
  bool spool_empty() const { return spool_.empty(); }
  const std::string& board() const { return board_; }
  const std::string& incarnation() const { return incarnation_; }
  std::uint64_t aborted_count() const { return aborted_count_; }

  Link link;
  Temper temper;
  Lies lies;
  std::string health;
  bool disk_takes_writes = true;
  // Comes back by itself after it was fenced or has crashed, as systemd would see to it.
  bool restarts = true;

 private:
  struct Job {
    shared::AttemptKey key;
    // Of its spec.
    absl::Duration time_limit = absl::InfiniteDuration();
    bool started = false;
    bool stopped = false;
  };
  struct Unspooled {
    shared::AttemptKey key;
    std::string payload;
  };
  // What dies with the agent's process.
  struct Process {
    explicit Process(supervisor::AgentIdentity identity, std::uint64_t seed)
        : protocol(std::move(identity)), synchronize_backoff({}, seed), upload_backoff({}, seed + 1) {}
    supervisor::AgentProtocol protocol;
    supervisor::Backoff synchronize_backoff;
    supervisor::Backoff upload_backoff;
    std::shared_ptr<CallState> synchronizing;
    std::shared_ptr<CallState> uploading;
    absl::optional<supervisor::UploadCursor> upload;
    absl::Duration next_synchronize;
    absl::Duration next_upload;
    absl::Duration next_spool;
    bool superseded_call = false;
    // The first one runs, the others wait for its end.
    std::deque<Job> jobs;
    std::deque<Unspooled> unspooled;
    absl::Duration wake_up = absl::InfiniteDuration();
  };

  absl::Duration now() const { return around_.timeline.now(); }
  // Runs `step` and what follows from it, if the process is still the same; after the pause if there is one.
  void Do(std::uint64_t life, std::function<void()> step);
  void After(absl::Duration span, std::function<void()> step);
  supervisor::AgentStock Stock() const;

  void Advance();
  void PlanWakeUp();
  void StartSynchronize();
  void OnSynchronized(absl::Duration sent, const absl::StatusOr<v1::SynchronizeResponse>& answer);
  void Apply(const supervisor::AgentActions& actions);
  void StartUpload();
  void OnUploaded(const absl::StatusOr<v1::UploadResultResponse>& answer);
  void SpoolPending();

  void StartNextJob();
  void OnJobStarted(const shared::AttemptKey& key);
  void OnJobEnded(const shared::AttemptKey& key, v1::Outcome outcome);
  void StopJob(const shared::AttemptKey& key);
  Job* CurrentJob(const shared::AttemptKey& key);
  v1::Outcome DrawOutcome();
  void RunFor(const shared::AttemptKey& key, v1::Outcome outcome);

  const std::string name_;
  const std::string board_;
  const Surroundings around_;
  scheduler::Random random_;
  std::vector<std::pair<shared::AttemptKey, std::string>> spool_;
  std::unique_ptr<Process> process_;
  std::uint64_t life_ = 0;
  std::uint64_t boot_ = 1;
  std::string incarnation_;
  std::uint64_t aborted_count_ = 0;
  bool paused_ = false;
  bool wedged_ = false;
  bool powered_ = true;
  bool boot_is_due_ = false;
  std::deque<std::function<void()>> deferred_;
};

}  // namespace crosscall::sim

#endif  // TESTS_SIM_BOARD_AGENT_H_
