// What the store keeps for how long: late results (evidence), events, and the histograms of results.
//
// Invariants: a little at a time, so that nobody waits for it; what is removed and that it was counted are one
// transaction; nothing is removed while no span is set. Summaries, outcomes, hang reports and verdicts stay for ever.
#ifndef CONTROLLER_DISPATCH_RETENTION_H_
#define CONTROLLER_DISPATCH_RETENTION_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "controller/dispatch/batch.h"
#include "controller/dispatch/settings.h"
#include "controller/dispatch/world.h"
#include "controller/store/store.h"

namespace crosscall::dispatch {

// Takes all histograms out; false if there was none.
bool RemoveHistograms(v1::TrialResult& result);

class Retention {
 public:
  // What one batch may look at, and when the next one may while some is left.
  static constexpr int kPayloads = 16;
  static constexpr int kEventRows = 500;
  static constexpr absl::Duration kPause = absl::Milliseconds(200);
  // When to look again once nothing is left.
  static constexpr absl::Duration kPeriod = absl::Minutes(10);

  // Both outlive it. `now` and `wall` are the same instant.
  Retention(const Settings& settings, store::Store& store, World& world, absl::Duration now, absl::Time wall);

  // Removes some of what is too old, if it is time to look.
  void CheckDue(Batch& batch);
  absl::optional<absl::Duration> NextDeadline() const;

 private:
  // Each: true if more is left.
  absl::StatusOr<bool> RemoveFrom(Batch& batch, bool evidence, absl::Time before);
  absl::StatusOr<bool> RemoveEvents(Batch& batch, absl::Time before);
  absl::StatusOr<bool> RemoveSome(Batch& batch);
  void Count(Batch& batch, const std::string& kind, std::uint64_t count);
  void EndPass(Batch& batch);

  const Settings& settings_;
  store::Store& store_;
  World& world_;
  const absl::Duration start_;
  const absl::Time start_wall_;
  absl::optional<absl::Duration> next_;
  // Removed since the pass began, by kind.
  std::map<std::string, std::uint64_t> pass_;
};

}  // namespace crosscall::dispatch

#endif  // CONTROLLER_DISPATCH_RETENTION_H_
