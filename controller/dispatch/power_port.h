// The dispatcher's way to power commands, which run elsewhere: it never waits for one.
#ifndef CONTROLLER_DISPATCH_POWER_PORT_H_
#define CONTROLLER_DISPATCH_POWER_PORT_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "controller/dispatch/done.h"
#include "controller/scheduler/power_cycle.h"
#include "crosscall/v1/board_service.pb.h"

namespace crosscall::dispatch {

// One run of a board's command, its word appended.
struct PowerRun {
  std::string board;
  std::vector<std::string> argv;
  absl::Duration time_limit;
};

// Empty functions: there is no power here, and no board is ever diagnosed.
struct PowerPort {
  // Whether `argv` could be run now; may look at the disk. Called on any thread.
  std::function<absl::Status(const std::vector<std::string>& argv)> check;
  // Starts a run and returns at once; runs of one board go one after the other. `done` runs once, on any thread.
  std::function<void(const PowerRun& run, std::function<void(const scheduler::CommandReport&)> done)> run;
  // Ends what runs; when it returns every `done` has run.
  std::function<void()> stop;
};

// A run that a batch asks for: it is started when the batch is committed.
struct PowerJob {
  PowerRun run;
  // The last word of `argv`.
  std::string word;
  // Of a diagnosis; 0: somebody ordered it.
  std::uint64_t number = 0;
  // Of an order: who waits for what came of it.
  Done<v1::SwitchBoardPowerResponse> answer;
};

}  // namespace crosscall::dispatch

#endif  // CONTROLLER_DISPATCH_POWER_PORT_H_
