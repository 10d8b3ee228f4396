// A board in a process of its own, so that the process can be stopped: this very program, started with --be-board.
#ifndef TESTS_BENCH_FLEET_BOARD_PROCESS_H_
#define TESTS_BENCH_FLEET_BOARD_PROCESS_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/supervisor/child_process.h"
#include "agent/supervisor/file_descriptor.h"

namespace crosscall::fleet {

// Not thread-safe. Belongs to the thread that made it: the kernel kills the process when that one ends.
class BoardProcess {
 public:
  // Returns once the controller has answered it.
  static absl::StatusOr<std::unique_ptr<BoardProcess>> Start(const std::string& controller, const std::string& board);

  // Waits until its worker runs a trial that it was not told of before.
  absl::Status AwaitTrial();
  // SIGSTOP: returns once every thread of it stands. Its connection stays open; the kernel takes what is sent.
  absl::Status Freeze();
  void Thaw();

 private:
  BoardProcess(supervisor::ChildProcess child, supervisor::FileDescriptor events)
      : child_(std::move(child)), events_(std::move(events)) {}
  absl::Status AwaitLine(const std::string& line);

  supervisor::ChildProcess child_;
  const supervisor::FileDescriptor events_;
  std::string unread_;
};

// What that process does until it is killed: one board, and a line on standard output for its first contact and for
// each lease.
int BeBoard(const std::string& controller, const std::string& board);

}  // namespace crosscall::fleet

#endif  // TESTS_BENCH_FLEET_BOARD_PROCESS_H_
