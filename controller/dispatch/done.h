// How answers leave the dispatcher.
#ifndef CONTROLLER_DISPATCH_DONE_H_
#define CONTROLLER_DISPATCH_DONE_H_

#include <functional>

#include "absl/status/statusor.h"
#include "crosscall/v1/sweep.pb.h"

namespace crosscall::dispatch {

// Runs exactly once: on the dispatcher's thread after the commit, or on the calling thread, maybe before the call
// returns, when the request is refused at once (validation, full queue, stopped) or a chunk of an upload is only kept.
template <class T>
using Done = std::function<void(absl::StatusOr<T>)>;

// Runs for each state until `last`; exactly one call has `last` set: the sweep's end, an error, or Unwatch (CANCELLED).
using SweepWatcher = std::function<void(absl::StatusOr<v1::Sweep> sweep, bool last)>;

}  // namespace crosscall::dispatch

#endif  // CONTROLLER_DISPATCH_DONE_H_
