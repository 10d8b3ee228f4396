#include "controller/metrics/exporter.h"

#include <iterator>
#include <utility>

#include "controller/metrics/family.h"
#include "controller/metrics/process.h"
#include "prometheus/text_serializer.h"
#include "proto/shared/log.h"

namespace crosscall::metrics {
namespace {

constexpr char kEndpoint[] = "/metrics";

void Append(std::vector<prometheus::MetricFamily>& families, std::vector<prometheus::MetricFamily> more) {
  families.insert(families.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

prometheus::MetricFamily AboutExporter(const char* name, const char* help, double value) {
  Family family = Family::Gauge(name, help);
  family.Add({{"endpoint", kEndpoint}}, value);
  return std::move(family).Take();
}

}  // namespace

Exporter::Exporter(TakeSnapshot snapshot, TakeRequests requests, const shared::Clock& clock, ExporterOptions options)
    : snapshot_(std::move(snapshot)), requests_(std::move(requests)), clock_(clock), options_(std::move(options)) {}

std::vector<prometheus::MetricFamily> Exporter::Collect() const {
  const absl::Duration begin = clock_.Monotonic();
  const std::shared_ptr<const dispatch::Snapshot> snapshot = snapshot_();
  std::vector<prometheus::MetricFamily> families =
      ControllerFamilies(*snapshot, options_.build, requests_(), clock_.Wall());
  if (const absl::StatusOr<ProcessUsage> usage = ReadProcessUsage(options_.proc); usage.ok()) {
    Append(families, ProcessFamilies(*usage));
  } else {
    // The boards matter more than we do: the scrape goes on without.
    shared::LogWarning("metrics", usage.status().ToString());
  }
  Append(families, BoardFamilies(*snapshot, options_.detail, clock_.Wall()));
  const std::size_t dropped = LimitSeries(families, options_.series_limit);
  const std::size_t series = SeriesCount(families);
  families.push_back(AboutExporter("crosscall_exporter_series", "Series exposed, without those about the exporter.",
                                   static_cast<double>(series)));
  families.push_back(AboutExporter("crosscall_exporter_series_limit", "Series that may be exposed.",
                                   static_cast<double>(options_.series_limit)));
  families.push_back(AboutExporter("crosscall_exporter_dropped_series", "Series left out of this scrape.",
                                   static_cast<double>(dropped)));
  families.push_back(AboutExporter("crosscall_exporter_collect_duration_seconds", "Time to collect this scrape.",
                                   absl::ToDoubleSeconds(clock_.Monotonic() - begin)));
  return families;
}

std::string Exporter::Text() const { return prometheus::TextSerializer().Serialize(Collect()); }

}  // namespace crosscall::metrics
