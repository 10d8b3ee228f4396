// crosscallctl: wiring only.
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <iostream>
#include <thread>

#include "controller/cli/cli.h"
#include "proto/shared/clock.h"

namespace crosscall::cli {
namespace {

// Receives SIGINT and SIGTERM in a thread of its own. The first one is offered to the command that runs; where none
// listens, and for the second one, the signal does what it does by default. Create it before any other thread, so that
// all inherit the blocked signals.
class SignalThread {
 public:
  explicit SignalThread(Interrupt& interrupt) {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    thread_ = std::thread([this, &interrupt] { Run(interrupt); });
  }
  ~SignalThread() {
    stopping_ = true;
    // Blocked everywhere and taken by sigwait alone, so it ends the wait and not the process.
    pthread_kill(thread_.native_handle(), SIGTERM);  // NOLINT(bugprone-bad-signal-to-kill-thread)
    thread_.join();
  }
  SignalThread(const SignalThread&) = delete;
  SignalThread& operator=(const SignalThread&) = delete;

 private:
  void Run(Interrupt& interrupt) {
    for (bool first = true;; first = false) {
      int signal_number = 0;
      sigwait(&signals_, &signal_number);
      if (stopping_) return;
      if (first && interrupt.Raise()) continue;
      signal(signal_number, SIG_DFL);
      pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
      raise(signal_number);
    }
  }

  sigset_t signals_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

int Main(int argc, char** argv) {
  Interrupt interrupt;
  const SignalThread signals(interrupt);
  const Environment environment{std::cout,
                                std::cerr,
                                isatty(STDOUT_FILENO) == 1,
                                isatty(STDERR_FILENO) == 1,
                                shared::SystemClock(),
                                interrupt,
                                [&interrupt](absl::Duration span) { interrupt.WaitFor(span); },
                                Connect,
                                ReadUserFile};
  return RunCli(std::vector<std::string>(argv + 1, argv + argc), environment);
}

}  // namespace
}  // namespace crosscall::cli

int main(int argc, char** argv) { return crosscall::cli::Main(argc, argv); }
