// How answers leave the dispatcher.
#ifndef CONTROLLER_DISPATCH_DONE_H_
#define CONTROLLER_DISPATCH_DONE_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crosscall/v1/sweep.pb.h"

namespace crosscall::dispatch {

// Runs exactly once: on the dispatcher's thread after the commit, or on the calling thread, maybe before the call
// returns, when the request is refused at once (validation, full queue, stopped) or a chunk of an upload is only kept.
template <class T>
using Done = std::function<void(absl::StatusOr<T>)>;

class Batch;

// Runs in the batch of a change, before its commit, with what was changed and how it came out: its place to write
// what must be in the same transaction. Empty: nobody asks.
using Witness = std::function<void(Batch& batch, const std::string& object, const absl::Status& outcome)>;

// Who asks for a change, as the controller knows him.
struct Requester {
  // The one in his certificate. Without certificates it is empty, and all are one.
  std::string name;
  // Where the call came from.
  std::string address;
  Witness witness;
  // OK, or why he may not do this to what somebody else asked for.
  absl::Status others;

  // For histories that people read.
  std::string Shown() const { return name.empty() ? "somebody at " + address : name; }
};

// Runs for each state until `last`; exactly one call has `last` set: the sweep's end, an error, or Unwatch (CANCELLED).
using SweepWatcher = std::function<void(absl::StatusOr<v1::Sweep> sweep, bool last)>;

}  // namespace crosscall::dispatch

#endif  // CONTROLLER_DISPATCH_DONE_H_
