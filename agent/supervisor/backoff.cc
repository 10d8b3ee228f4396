#include "agent/supervisor/backoff.h"

#include <algorithm>

namespace crosscall::supervisor {

absl::Duration Backoff::Next(absl::Duration floor) {
  const absl::Duration plain = next_;
  next_ = std::min(next_ * settings_.factor, settings_.cap);
  if (floor > plain) return floor + plain * std::uniform_real_distribution<double>(0, 0.5)(random_);
  return std::max(floor, plain * std::uniform_real_distribution<double>(0.5, 1.5)(random_));
}

absl::Duration Backoff::Jittered(absl::Duration delay) {
  return delay * std::uniform_real_distribution<double>(1.0, 1.1)(random_);
}

}  // namespace crosscall::supervisor
