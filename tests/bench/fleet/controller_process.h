// A real crosscall-controller on loopback, in a state folder of its own that goes with it.
#ifndef TESTS_BENCH_FLEET_CONTROLLER_PROCESS_H_
#define TESTS_BENCH_FLEET_CONTROLLER_PROCESS_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/supervisor/child_process.h"

namespace crosscall::fleet {

// Not thread-safe. Belongs to the thread that made it: the kernel kills the controller when that one ends.
class ControllerProcess {
 public:
  // `parent` is the folder in which its own is made.
  static absl::StatusOr<std::unique_ptr<ControllerProcess>> Start(const std::string& program,
                                                                  const std::string& parent);
  // Stops it by SIGTERM and removes its folder. An unclean end stays in `log()` only: call Stop to see it.
  ~ControllerProcess();
  ControllerProcess(const ControllerProcess&) = delete;
  ControllerProcess& operator=(const ControllerProcess&) = delete;

  // By SIGTERM; INTERNAL unless it ends in time, with status 0.
  absl::Status Stop();
  // After Stop: on the same address, with the same state.
  absl::Status StartAgain();

  const std::string& address() const { return address_; }
  // Time of CPU that the present process has used, in user and kernel; the kernel counts in steps of 10 ms.
  absl::StatusOr<absl::Duration> CpuTime() const;
  // Its state lies in memory: commits cost no disk, and figures flatter.
  bool state_in_memory() const;
  // Of its standard error: the last lines.
  std::string LogTail() const;

 private:
  ControllerProcess(std::string program, std::string folder)
      : program_(std::move(program)), folder_(std::move(folder)) {}
  absl::Status Launch(const std::string& listen);
  absl::Status AwaitServing();

  const std::string program_;
  const std::string folder_;
  std::string address_;
  std::optional<supervisor::ChildProcess> child_;
};

}  // namespace crosscall::fleet

#endif  // TESTS_BENCH_FLEET_CONTROLLER_PROCESS_H_
