// Pictures of a small lab for the exporter's tests.
#ifndef TESTS_CONTROLLER_METRICS_SNAPSHOTS_H_
#define TESTS_CONTROLLER_METRICS_SNAPSHOTS_H_

#include <memory>
#include <string>

#include "controller/dispatch/snapshot.h"

namespace crosscall::metrics {

inline constexpr char kSpin[] = "generic_2008/spin/mask_all";
inline constexpr char kPoll[] = "generic_2008/poll_completion/mask_all";

// A board that is up, seen at `kNow`, offers kSpin and kPoll, and has run nothing.
inline const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

inline dispatch::BoardView IdleBoard(const std::string& id) {
  dispatch::BoardView view;
  view.board.set_name("boards/" + id);
  view.board.set_state(v1::Board::STATE_ACTIVE);
  view.board.set_online(true);
  view.board.mutable_last_seen_time()->set_seconds(absl::ToUnixSeconds(kNow));
  v1::BoardDescription& description = *view.board.mutable_description();
  description.set_model("model x");
  description.set_architecture("x86_64");
  description.set_kernel("6.1.0");
  description.set_agent_version("0.1.0");
  description.add_cpus(0);
  description.add_cpus(1);
  description.add_implementations(kSpin);
  description.add_implementations(kPoll);
  return view;
}

inline std::shared_ptr<dispatch::Snapshot> Lab(std::initializer_list<dispatch::BoardView> boards) {
  auto snapshot = std::make_shared<dispatch::Snapshot>();
  for (const dispatch::BoardView& board : boards) {
    snapshot->boards.push_back(std::make_shared<const dispatch::BoardView>(board));
  }
  return snapshot;
}

inline dispatch::LatestLatency Latency(const std::string& scenario, const std::string& implementation) {
  dispatch::LatestLatency latest;
  latest.scenario = scenario;
  latest.implementation = implementation;
  latest.calls = 1000;
  latest.p50_nanos = 1'500;
  latest.p99_nanos = 20'000;
  latest.p999_nanos = 300'000;
  latest.max_nanos = 4'000'000;
  return latest;
}

}  // namespace crosscall::metrics

#endif  // TESTS_CONTROLLER_METRICS_SNAPSHOTS_H_
