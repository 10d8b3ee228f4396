// The explorer: can this scenario hang on this implementation, in any interleaving?
//
// Thread safety: Explore may run on several threads at once, each for its own pair. It allocates up to
// limits.max_bytes for states; a failed allocation ends a search as unknown, too.
#ifndef AGENT_EXPLORE_EXPLORE_H_
#define AGENT_EXPLORE_EXPLORE_H_

#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "agent/core/implementation.h"
#include "agent/explore/search.h"
#include "agent/explore/trace.h"
#include "crosscall/v1/scenario.pb.h"
#include "proto/shared/mutex.h"

namespace crosscall::explore {

enum class MemoryModel : u8 { kSc, kWeak };
constexpr const char* MemoryModelName(MemoryModel model) { return model == MemoryModel::kSc ? "sc" : "weak"; }

struct Exploration {
  core::Implementation implementation;
  MemoryModel memory = MemoryModel::kWeak;
  Finding finding;
  Trace trace;  // empty unless there is a schedule
};

// Findings that hold for all wait policies, since none was ever asked; so that a matrix searches them once. Of one set
// of options. Thread-safe.
class PolicyMemo {
 public:
  std::optional<Exploration> Find(const v1::Scenario& scenario, const core::Implementation& implementation) const;
  void Add(const v1::Scenario& scenario, const Exploration& exploration);

 private:
  mutable shared::Mutex mutex_;
  absl::flat_hash_map<std::string, Exploration> findings_ CROSSCALL_GUARDED_BY(mutex_);
};

struct ExploreOptions {
  std::optional<MemoryModel> memory;  // default: weak for up to two CPUs, sc for more
  SearchLimits limits;
  bool reduced = true;         // false: every access is a step; for checks of the reduction itself
  bool ordered_ipis = true;    // false: a machine whose IPIs overtake stores; for checks of the explorer itself
  PolicyMemo* memo = nullptr;  // asked first, and told
  std::optional<SubjectFactory> factory;  // instead of the implementation's own algorithm; likewise
};

// INVALID_ARGUMENT if the scenario does not compile or cannot be explored (explorable.h).
absl::StatusOr<Exploration> Explore(const v1::Scenario& scenario, const core::Implementation& implementation,
                                    const ExploreOptions& options);

// The same search, then the given schedule instead of the one it found. INVALID_ARGUMENT also if the schedule cannot be
// followed; the trace then ends where it fails and is in `told`.
absl::Status Replay(const v1::Scenario& scenario, const core::Implementation& implementation,
                    const ExploreOptions& options, const Schedule& schedule, Trace& told);

}  // namespace crosscall::explore

#endif  // AGENT_EXPLORE_EXPLORE_H_
