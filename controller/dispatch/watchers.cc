#include "controller/dispatch/watchers.h"

#include <utility>

namespace crosscall::dispatch {

void Watchers::Add(std::uint64_t id, const std::string& sweep, SweepWatcher watcher) {
  entries_[id] = {.sweep = sweep, .watcher = std::move(watcher)};
  by_sweep_[sweep].insert(id);
}

void Watchers::Remove(std::uint64_t id) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  const Entry entry = std::move(found->second);
  entries_.erase(found);
  const auto ids = by_sweep_.find(entry.sweep);
  ids->second.erase(id);
  if (ids->second.empty()) by_sweep_.erase(ids);
  entry.watcher(absl::CancelledError("the watcher went away"), true);
}

void Watchers::Tell(const v1::Sweep& sweep, bool last) {
  const auto ids = by_sweep_.find(sweep.name());
  if (ids == by_sweep_.end()) return;
  for (const std::uint64_t id : ids->second) entries_.at(id).watcher(sweep, last);
  if (!last) return;
  for (const std::uint64_t id : ids->second) entries_.erase(id);
  by_sweep_.erase(ids);
}

void Watchers::EndAll(const absl::Status& status) {
  for (const auto& [id, entry] : entries_) entry.watcher(status, true);
  entries_.clear();
  by_sweep_.clear();
}

}  // namespace crosscall::dispatch
