// The person who asks for sweeps, over a connection of his own, as crosscallctl does.
#ifndef TESTS_BENCH_FLEET_LAB_USER_H_
#define TESTS_BENCH_FLEET_LAB_USER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crosscall/v1/sweep_service.grpc.pb.h"

namespace crosscall::fleet {

// Trials for some boards, `repetitions` on each.
struct Wish {
  std::vector<std::string> boards;
  std::uint32_t repetitions = 1;
  // Of each trial; zero: it is over at once.
  absl::Duration trial_time = absl::ZeroDuration();
};

struct Asked {
  std::string sweep;
  // When the call was made, on the monotonic clock.
  absl::Duration sent;
};

// Not thread-safe.
class LabUser {
 public:
  // Connects.
  explicit LabUser(const std::string& controller);

  absl::StatusOr<Asked> Ask(const Wish& wish);
  absl::Status Cancel(const std::string& sweep);
  // Watches it until it has ended.
  absl::StatusOr<v1::Sweep> AwaitEnd(const std::string& sweep);

 private:
  std::unique_ptr<v1::SweepService::Stub> sweeps_;
  std::uint64_t asked_count_ = 0;
};

}  // namespace crosscall::fleet

#endif  // TESTS_BENCH_FLEET_LAB_USER_H_
