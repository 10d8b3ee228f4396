// Who must be looked at when: at most one instant a key. Not thread-safe.
#ifndef CONTROLLER_DISPATCH_DEADLINES_H_
#define CONTROLLER_DISPATCH_DEADLINES_H_

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/optional.h"

namespace crosscall::dispatch {

// Instants are on a monotonic clock. Keys of one instant come out in their order: runs can be repeated.
template <class Key>
class Deadlines {
 public:
  // Replaces the key's instant; nothing removes it.
  void Set(const Key& key, absl::optional<absl::Duration> when) {
    const auto found = when_.find(key);
    if (found != when_.end()) {
      if (when && *when == found->second) return;
      order_.erase({found->second, key});
      when_.erase(found);
    }
    if (!when) return;
    when_.emplace(key, *when);
    order_.emplace(*when, key);
  }

  absl::optional<absl::Duration> Next() const {
    if (order_.empty()) return absl::nullopt;
    return order_.begin()->first;
  }

  // Removes and returns the keys whose instant is not after `now`.
  std::vector<Key> TakeDue(absl::Duration now) {
    std::vector<Key> due;
    while (!order_.empty() && order_.begin()->first <= now) {
      due.push_back(order_.begin()->second);
      when_.erase(order_.begin()->second);
      order_.erase(order_.begin());
    }
    return due;
  }

 private:
  std::map<Key, absl::Duration> when_;
  std::set<std::pair<absl::Duration, Key>> order_;
};

}  // namespace crosscall::dispatch

#endif  // CONTROLLER_DISPATCH_DEADLINES_H_
