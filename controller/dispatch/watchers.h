// Those who watch sweeps. They outlive a world that is read again.
#ifndef CONTROLLER_DISPATCH_WATCHERS_H_
#define CONTROLLER_DISPATCH_WATCHERS_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "controller/dispatch/done.h"
#include "crosscall/v1/sweep.pb.h"

namespace crosscall::dispatch {

// Not thread-safe.
class Watchers {
 public:
  void Add(std::uint64_t id, const std::string& sweep, SweepWatcher watcher);
  // Tells it CANCELLED. Unknown ids are ignored.
  void Remove(std::uint64_t id);
  // Tells all watchers of the sweep; after `last` they are forgotten.
  void Tell(const v1::Sweep& sweep, bool last);
  // Tells everybody, and forgets all.
  void EndAll(const absl::Status& status);

 private:
  struct Entry {
    std::string sweep;
    SweepWatcher watcher;
  };
  std::map<std::uint64_t, Entry> entries_;
  std::map<std::string, std::set<std::uint64_t>> by_sweep_;
};

}  // namespace crosscall::dispatch

#endif  // CONTROLLER_DISPATCH_WATCHERS_H_
