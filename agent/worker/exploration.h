// A trial whose target system is the model: searches every interleaving in this process, on the calling thread.
//
// Thread safety: as explore::Explore, several may run at once.
#ifndef AGENT_WORKER_EXPLORATION_H_
#define AGENT_WORKER_EXPLORATION_H_

#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crosscall/v1/result.pb.h"
#include "crosscall/v1/trial.pb.h"

namespace crosscall::worker {

// Told that the search lives: when it begins, and then about once a second. An error ends the search.
using SearchPulse = std::function<absl::Status()>;

// COMPLETED with the exploration whatever was found, a limit too; REFUSED with the reason if the point cannot be
// explored. The only errors are those of `pulse`.
absl::StatusOr<crosscall::v1::TrialResult> RunExploration(const crosscall::v1::TrialSpec& spec,
                                                          const SearchPulse& pulse);

}  // namespace crosscall::worker

#endif  // AGENT_WORKER_EXPLORATION_H_
