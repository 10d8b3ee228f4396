// Pictures of labs for the exporter's tests and benchmarks.
#ifndef TESTS_CONTROLLER_METRICS_SNAPSHOTS_H_
#define TESTS_CONTROLLER_METRICS_SNAPSHOTS_H_

#include <initializer_list>
#include <memory>
#include <string>

#include "controller/dispatch/snapshot.h"
#include "controller/metrics/estimate.h"
#include "controller/metrics/exporter.h"

namespace crosscall::metrics {

inline constexpr char kSpin[] = "generic_2008/spin/mask_all";
inline constexpr char kPoll[] = "generic_2008/poll_completion/mask_all";

inline const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

// A board that is up, seen at `kNow`, offers kSpin and kPoll, and has run nothing.
dispatch::BoardView IdleBoard(const std::string& id);

std::shared_ptr<dispatch::Snapshot> Lab(std::initializer_list<dispatch::BoardView> boards);

dispatch::LatestLatency Latency(const std::string& scenario, const std::string& implementation);

// A lab in which all has happened that can be told: every board hung and wedged, every tracked implementation has run
// every tracked pair on every board, and a schedule its sweeps. `detail` is what tracks exactly that.
struct FullLab {
  std::shared_ptr<const dispatch::Snapshot> snapshot;
  Detail detail;
  CertificateEnds certificates;

  // Pictures of this lab for an exporter, and of a store and gRPC calls beside it.
  Sources AllSources() const;
};
FullLab MakeFullLab(const LabSize& size);

}  // namespace crosscall::metrics

#endif  // TESTS_CONTROLLER_METRICS_SNAPSHOTS_H_
