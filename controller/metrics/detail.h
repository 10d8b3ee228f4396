// How much is exported of boards and results: settings of the controller, and what they come to for one series.
#ifndef CONTROLLER_METRICS_DETAIL_H_
#define CONTROLLER_METRICS_DETAIL_H_

#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "controller/metrics/catalogue.h"
#include "crosscall/v1/trial.pb.h"

namespace crosscall::metrics {

// A scenario on one target system: latencies of different target systems never share a series.
struct Pair {
  std::string scenario;
  v1::TargetSystem target_system = v1::TARGET_SYSTEM_SIGNAL;

  friend bool operator==(const Pair&, const Pair&) = default;
};

// `SCENARIO` (target system signal) or `SCENARIO:TARGET_SYSTEM`. INVALID_ARGUMENT says what is wrong.
absl::StatusOr<Pair> ParsePair(absl::string_view text);

struct Detail {
  Level level = Level::kBoard;
  // Implementations with series of their own; hangs of others count as `other`, and their latencies stay in the store.
  // Empty: all, as a small lab wants it.
  std::set<std::string> implementations;
  // The same of pairs. The first is the headline: at level `board`, the one whose latencies are said of each board.
  std::vector<Pair> pairs;
  // A board that was not seen for so long has no series.
  absl::Duration board_ttl = absl::Hours(24 * 14);

  bool Tracks(const std::string& implementation) const;
  bool Tracks(const Pair& pair) const;
  // Whether each board's latencies of the pair are said.
  bool ShowsOfBoards(const Pair& pair) const;
};

}  // namespace crosscall::metrics

#endif  // CONTROLLER_METRICS_DETAIL_H_
