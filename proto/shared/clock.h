// Time as an argument, so that scheduling and protocol code can be tested without waiting.
#ifndef PROTO_SHARED_CLOCK_H_
#define PROTO_SHARED_CLOCK_H_

#include "absl/time/time.h"

namespace crosscall::shared {

// Thread-safe. `Monotonic` counts spans and never goes back; `Wall` is for people and the record only.
class Clock {
 public:
  virtual ~Clock() = default;
  // Time since some fixed point in the past.
  virtual absl::Duration Monotonic() const = 0;
  virtual absl::Time Wall() const = 0;
};

// The machine's clocks (CLOCK_MONOTONIC, CLOCK_REALTIME). Lives for ever.
const Clock& SystemClock();

}  // namespace crosscall::shared

#endif  // PROTO_SHARED_CLOCK_H_
