#include "agent/tool/explore_pairs.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "agent/explore/explorable.h"
#include "agent/scenario/compile.h"
#include "agent/tool/list_command.h"
#include "proto/shared/check.h"
#include "proto/shared/implementation_id.h"

namespace crosscall::tool {
namespace {

constexpr std::chrono::milliseconds kBetweenSigns{200};

using Found = absl::StatusOr<explore::Exploration>;

// Threads take the next pair; results wait in their slots for their turn.
class Searchers {
 public:
  Searchers(const ExplorePlan& plan, const ExploreRequest& request)
      : plan_(plan), options_(request.options), slots_(plan.size()) {
    options_.memo = &memo_;
    const std::size_t count = std::min<std::size_t>(request.threads, plan.size());
    if (count != 0) options_.limits.max_bytes /= count;
    for (std::size_t i = 0; i < count; ++i) threads_.emplace_back([this] { Search(); });
  }
  ~Searchers() {
    next_ = plan_.size();
    for (std::thread& thread : threads_) thread.join();
  }
  Searchers(const Searchers&) = delete;
  Searchers& operator=(const Searchers&) = delete;

  // The pair's result, or nothing if it was cancelled. Each pair once.
  std::optional<Found> Take(std::size_t pair, const std::function<void(std::size_t)>& waiting) {
    std::unique_lock lock(mutex_);
    Slot& slot = slots_[pair];
    while (!ended_.wait_for(lock, kBetweenSigns, [&] { return slot.ended; })) {
      if (waiting) waiting(pair);
    }
    return std::exchange(slot.found, std::nullopt);
  }

 private:
  struct Slot {
    bool ended = false;
    std::optional<Found> found;
  };

  void Search() {
    for (;;) {
      // Relaxed: the number alone is shared, results go through the mutex.
      const std::size_t pair = next_.fetch_add(1, std::memory_order_relaxed);
      if (pair >= slots_.size()) return;
      std::optional<Found> found;
      if (!options_.limits.cancelled()) {
        found = explore::Explore(plan_.scenario(pair).scenario, plan_.implementation(pair).implementation, options_);
      }
      // A verdict that was reached all the same is one.
      const bool cut = found && found->ok() && (*found)->finding.verdict == explore::Verdict::kUnknown;
      if (cut && options_.limits.cancelled()) found.reset();
      const std::lock_guard lock(mutex_);
      slots_[pair] = Slot{true, std::move(found)};
      ended_.notify_all();
    }
  }

  const ExplorePlan& plan_;
  explore::PolicyMemo memo_;
  explore::ExploreOptions options_;
  std::atomic<std::size_t> next_{0};
  std::mutex mutex_;
  std::condition_variable ended_;
  std::vector<Slot> slots_;  // guarded by mutex_, but for its size
  std::vector<std::thread> threads_;
};

}  // namespace

absl::StatusOr<ExplorePlan> PlanExploration(const ExploreRequest& request) {
  ExplorePlan plan;
  std::vector<std::string> ids = KnownImplementations();
  if (!request.implementations.empty()) {
    absl::StatusOr<std::vector<std::string>> chosen = shared::ExpandImplementations(request.implementations, ids);
    if (!chosen.ok()) return chosen.status();
    ids = *std::move(chosen);
  }
  for (std::string& id : ids) {
    NamedImplementation named{{}, std::move(id)};
    CROSSCALL_CHECK(core::Parse(named.id.data(), named.id.size(), named.implementation), named.id);
    plan.implementations.push_back(std::move(named));
  }
  for (const std::string& word : request.scenarios) {
    absl::StatusOr<LoadedScenario> loaded = LoadScenario(word, request.parameters);
    if (!loaded.ok()) return loaded.status();
    if (const auto compiled = scenario::Compile(loaded->scenario); !compiled.ok()) return compiled.status();
    if (absl::Status status = explore::CheckExplorable(loaded->scenario); !status.ok()) return status;
    plan.scenarios.push_back(*std::move(loaded));
  }
  return plan;
}

absl::Status ExplorePairs(const ExplorePlan& plan, const ExploreRequest& request, const PairEvents& events) {
  Searchers searchers(plan, request);
  for (std::size_t pair = 0; pair < plan.size(); ++pair) {
    const std::optional<Found> found = searchers.Take(pair, events.waiting);
    if (!found) continue;
    if (!found->ok()) return found->status();
    events.found(pair, **found);
  }
  return absl::OkStatus();
}

}  // namespace crosscall::tool
