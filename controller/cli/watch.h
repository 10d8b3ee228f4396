// Following a sweep to its end, over cuts of the connection and restarts of the controller.
#ifndef CONTROLLER_CLI_WATCH_H_
#define CONTROLLER_CLI_WATCH_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "controller/cli/interrupt.h"
#include "crosscall/v1/sweep_service.grpc.pb.h"
#include "proto/shared/clock.h"

namespace crosscall::cli {

struct WatchSettings {
  // A stream is ended and begun anew after this long: a peer that vanished without a word is then noticed.
  absl::Duration stream_limit = absl::Minutes(2);
  // Pauses after a cut double from the first to the longest.
  absl::Duration first_pause = absl::Milliseconds(200);
  absl::Duration longest_pause = absl::Seconds(5);
  // Given up after the controller was not heard of for this long. Longer than `stream_limit`, since a quiet sweep is
  // only heard of once a stream.
  absl::Duration patience = absl::Minutes(5);
};

// True for the states that a sweep never leaves.
bool HasEnded(v1::Sweep::State state);

// What following needs of its surroundings. Everything outlives the call.
struct WatchSeams {
  v1::SweepService::StubInterface& stub;
  std::string address;  // for error texts
  const shared::Clock& clock;
  Interrupt& interrupt;
  std::function<void(absl::Duration)> pause;
};

struct WatchListener {
  // Every state seen.
  std::function<void(const v1::Sweep&)> on_state;
  // The stream broke, for this reason, and is about to be called again.
  std::function<void(absl::string_view)> on_cut;
};

// Returns the final state of the sweep `name`. Codes: CANCELLED if interrupted, UNAVAILABLE after `patience`, and what
// the controller answers (NOT_FOUND, ...). Blocks; one thread a call.
absl::StatusOr<v1::Sweep> FollowSweep(const WatchSeams& seams, const WatchSettings& settings, const std::string& name,
                                      const WatchListener& listener);

}  // namespace crosscall::cli

#endif  // CONTROLLER_CLI_WATCH_H_
