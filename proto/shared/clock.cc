#include "proto/shared/clock.h"

#include <chrono>

#include "absl/time/clock.h"

namespace crosscall::shared {
namespace {

class RealClock final : public Clock {
 public:
  absl::Duration Monotonic() const override {
    return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
  }
  absl::Time Wall() const override { return absl::Now(); }
};

}  // namespace

const Clock& SystemClock() {
  static const RealClock clock;
  return clock;
}

}  // namespace crosscall::shared
