// The pages that Prometheus gets: pictures taken from the outside, made into families, cut to a limit.
#ifndef CONTROLLER_METRICS_EXPORTER_H_
#define CONTROLLER_METRICS_EXPORTER_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controller/dispatch/snapshot.h"
#include "controller/metrics/board_families.h"
#include "controller/metrics/controller_families.h"
#include "controller/metrics/detail.h"
#include "proto/shared/clock.h"

namespace crosscall::metrics {

struct ExporterOptions {
  BuildInfo build;
  Detail detail;
  // Of a page: below Prometheus's `sample_limit`, beyond which it drops a whole scrape.
  std::size_t series_limit = 150'000;
  std::string proc = "/proc";
};

// Where the pictures come from. All are called on any thread, for each page anew; one that is not there says nothing.
struct Sources {
  std::function<std::shared_ptr<const dispatch::Snapshot>()> snapshot;
  std::function<std::vector<RequestCount>()> requests;
  std::function<StoreFacts()> store;
  std::function<std::vector<CertificateEnd>()> certificates;
  std::function<CertificateEnds()> agent_certificates;
};

// Thread-safe, without side effects: several servers may scrape. Holds no lock while it works.
class Exporter {
 public:
  // `clock` outlives the exporter; `sources.snapshot` is there.
  Exporter(Sources sources, const shared::Clock& clock, ExporterOptions options);

  // /metrics: the controller itself.
  std::string ControllerPage() const;
  // /metrics/results: boards and results, as the detail says.
  std::string ResultsPage() const;
  // /probe: one board (its id) at level `full`. NOT_FOUND: there is none, or it has no series any more.
  absl::StatusOr<std::string> BoardPage(const std::string& board) const;

 private:
  std::string Page(const char* endpoint, absl::FunctionRef<void(Exposition&)> write) const;

  const Sources sources_;
  const shared::Clock& clock_;
  const ExporterOptions options_;
};

}  // namespace crosscall::metrics

#endif  // CONTROLLER_METRICS_EXPORTER_H_
