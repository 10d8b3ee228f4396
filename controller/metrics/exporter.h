// The text that Prometheus gets: pictures taken from the outside, families made of them, cut to a limit.
#ifndef CONTROLLER_METRICS_EXPORTER_H_
#define CONTROLLER_METRICS_EXPORTER_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "controller/dispatch/snapshot.h"
#include "controller/metrics/board_families.h"
#include "controller/metrics/controller_families.h"
#include "prometheus/collectable.h"
#include "proto/shared/clock.h"

namespace crosscall::metrics {

struct ExporterOptions {
  BuildInfo build;
  BoardDetail detail;
  // Below Prometheus's `sample_limit`, beyond which it drops a whole scrape.
  std::size_t series_limit = 150'000;
  std::string proc = "/proc";
};

// Thread-safe, without side effects: several servers may scrape. Holds no lock while it works.
class Exporter final : public prometheus::Collectable {
 public:
  using TakeSnapshot = std::function<std::shared_ptr<const dispatch::Snapshot>()>;
  using TakeRequests = std::function<std::vector<RequestCount>()>;

  // Both functions are called on any thread; `clock` must outlive the exporter.
  Exporter(TakeSnapshot snapshot, TakeRequests requests, const shared::Clock& clock, ExporterOptions options);

  std::vector<prometheus::MetricFamily> Collect() const override;
  // Collect in Prometheus's text format 0.0.4.
  std::string Text() const;

 private:
  const TakeSnapshot snapshot_;
  const TakeRequests requests_;
  const shared::Clock& clock_;
  const ExporterOptions options_;
};

}  // namespace crosscall::metrics

#endif  // CONTROLLER_METRICS_EXPORTER_H_
