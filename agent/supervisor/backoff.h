// How long to wait before trying again: exponential, with jitter, never below what the server asked for. Pure but for
// its own seeded randomness; not thread-safe.
#ifndef AGENT_SUPERVISOR_BACKOFF_H_
#define AGENT_SUPERVISOR_BACKOFF_H_

#include <cstdint>
#include <random>

#include "absl/time/time.h"

namespace crosscall::supervisor {

class Backoff {
 public:
  struct Settings {
    absl::Duration first = absl::Seconds(1);
    double factor = 2;
    absl::Duration cap = absl::Seconds(60);
  };
  Backoff(const Settings& settings, std::uint64_t seed) : settings_(settings), random_(seed), next_(settings.first) {}

  // The next delay, +-50 % around the exponential one. `floor` is what the server asked for: never less, jitter only
  // adds to it.
  absl::Duration Next(absl::Duration floor);
  // A server's own delay with jitter that only adds, up to a tenth.
  absl::Duration Jittered(absl::Duration delay);
  // After a success.
  void Reset() { next_ = settings_.first; }

 private:
  Settings settings_;
  std::mt19937_64 random_;
  absl::Duration next_;
};

}  // namespace crosscall::supervisor

#endif  // AGENT_SUPERVISOR_BACKOFF_H_
