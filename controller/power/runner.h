// Runs power commands off the callers' threads, one at a time for each board, in the order they were asked for.
//
// A board whose command hangs keeps nobody waiting but its own next command. Thread safety: all methods may be called
// from any thread, but Stop and the destructor not from `done`.
#ifndef CONTROLLER_POWER_RUNNER_H_
#define CONTROLLER_POWER_RUNNER_H_

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "controller/power/command.h"
#include "proto/shared/mutex.h"

namespace crosscall::power {

class Runner {
 public:
  using Done = std::function<void(const Report&)>;

  Runner();
  // Stops.
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  // Returns at once. `done` runs exactly once, on a thread of the runner, or on the caller's once it was stopped.
  void Run(const std::string& board, Command command, Done done) CROSSCALL_EXCLUDES(mutex_);

  // Kills what runs, refuses what waits, and returns when every `done` has run. Repeating is harmless.
  void Stop() CROSSCALL_EXCLUDES(mutex_);

 private:
  struct Job {
    Command command;
    Done done;
  };
  // A board's thread lives while the board has jobs.
  struct Lane {
    std::thread thread;
    std::deque<Job> jobs;
  };

  void Work(const std::string& board) CROSSCALL_EXCLUDES(mutex_);
  void JoinEnded() CROSSCALL_EXCLUDES(mutex_);

  // Readable once it was stopped, for everybody who polls it.
  const int stop_fd_;
  shared::Mutex mutex_;
  shared::CondVar lane_ended_;
  bool stopped_ CROSSCALL_GUARDED_BY(mutex_) = false;
  std::map<std::string, Lane> lanes_ CROSSCALL_GUARDED_BY(mutex_);
  std::vector<std::thread> ended_ CROSSCALL_GUARDED_BY(mutex_);
};

}  // namespace crosscall::power

#endif  // CONTROLLER_POWER_RUNNER_H_
