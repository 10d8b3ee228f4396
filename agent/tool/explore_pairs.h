// The work of one `crosscall explore`: each scenario with each implementation, searched on several threads and handed
// out in order.
#ifndef AGENT_TOOL_EXPLORE_PAIRS_H_
#define AGENT_TOOL_EXPLORE_PAIRS_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/core/implementation.h"
#include "agent/explore/explore.h"
#include "agent/tool/explore_options.h"
#include "agent/tool/scenario_word.h"

namespace crosscall::tool {

struct NamedImplementation {
  core::Implementation implementation;
  std::string id;
};

// Pair i is scenario i / implementations.size() with implementation i % implementations.size().
struct ExplorePlan {
  std::vector<LoadedScenario> scenarios;
  std::vector<NamedImplementation> implementations;

  std::size_t size() const { return scenarios.size() * implementations.size(); }
  const LoadedScenario& scenario(std::size_t pair) const { return scenarios[pair / implementations.size()]; }
  const NamedImplementation& implementation(std::size_t pair) const {
    return implementations[pair % implementations.size()];
  }
};

// Everything is checked here, so that nothing is searched in vain: NOT_FOUND or INVALID_ARGUMENT (unknown scenario or
// implementation, unreadable file, text with position, what cannot be explored).
absl::StatusOr<ExplorePlan> PlanExploration(const ExploreRequest& request);

// What the search of the plan tells; both are called on the caller's thread.
struct PairEvents {
  // In the order of pairs; each pair once, but those that were cancelled not at all.
  std::function<void(std::size_t pair, const explore::Exploration&)> found;
  // Now and then while pair `next` is waited for.
  std::function<void(std::size_t next)> waiting;
};

// Searches all pairs on request.threads threads. Ends early once request.options.limits.cancelled() is true, which is
// asked on those threads. An error of a search (INVALID_ARGUMENT) ends it, too.
absl::Status ExplorePairs(const ExplorePlan& plan, const ExploreRequest& request, const PairEvents& events);

}  // namespace crosscall::tool

#endif  // AGENT_TOOL_EXPLORE_PAIRS_H_
