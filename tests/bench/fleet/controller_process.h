// A real crosscall-controller on loopback, in a state folder of its own that goes with it.
#ifndef TESTS_BENCH_FLEET_CONTROLLER_PROCESS_H_
#define TESTS_BENCH_FLEET_CONTROLLER_PROCESS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/supervisor/child_process.h"

namespace crosscall::fleet {

// Not thread-safe. Belongs to the thread that made it: the kernel kills the controller when that one ends.
class ControllerProcess {
 public:
  // `parent` is the folder in which its own is made; `flags` are added to its command line.
  static absl::StatusOr<std::unique_ptr<ControllerProcess>> Start(const std::string& program, const std::string& parent,
                                                                  std::vector<std::string> flags = {});
  // Stops it by SIGTERM and removes its folder. An unclean end stays in `log()` only: call Stop to see it.
  ~ControllerProcess();
  ControllerProcess(const ControllerProcess&) = delete;
  ControllerProcess& operator=(const ControllerProcess&) = delete;

  // By SIGTERM; INTERNAL unless it ends in time, with status 0.
  absl::Status Stop();
  // After Stop: on the same address, with the same state. With other flags, if some are given.
  absl::Status StartAgain(std::vector<std::string> flags = {});

  const std::string& address() const { return address_; }
  // Time of CPU that the present process has used, in user and kernel; the kernel counts in steps of 10 ms.
  absl::StatusOr<absl::Duration> CpuTime() const;
  // Memory that it has in use, without what it shares with files.
  absl::StatusOr<std::uint64_t> MemoryBytes() const;
  // Its state lies in memory: commits cost no disk, and figures flatter.
  bool state_in_memory() const;
  // Of its standard error: the last lines.
  std::string LogTail() const;

 private:
  ControllerProcess(std::string program, std::string folder, std::vector<std::string> flags)
      : program_(std::move(program)), folder_(std::move(folder)), flags_(std::move(flags)) {}
  absl::Status Launch(const std::string& listen);
  absl::Status AwaitServing();

  const std::string program_;
  const std::string folder_;
  std::vector<std::string> flags_;
  std::string address_;
  std::optional<supervisor::ChildProcess> child_;
};

}  // namespace crosscall::fleet

#endif  // TESTS_BENCH_FLEET_CONTROLLER_PROCESS_H_
