// One metric family under construction: constant name and help, typed values.
#ifndef CONTROLLER_METRICS_FAMILY_H_
#define CONTROLLER_METRICS_FAMILY_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "prometheus/client_metric.h"
#include "prometheus/metric_family.h"
#include "prometheus/metric_type.h"

namespace crosscall::metrics {

using Labels = std::vector<prometheus::ClientMetric::Label>;

// prometheus-cpp checks nothing of a Collectable: names and help must be constants of the source, label values must
// have passed api::Clean, and no label set may be added twice.
class Family {
 public:
  static Family Gauge(const char* name, const char* help) { return {name, help, prometheus::MetricType::Gauge}; }
  static Family Counter(const char* name, const char* help) { return {name, help, prometheus::MetricType::Counter}; }
  static Family Histogram(const char* name, const char* help) {
    return {name, help, prometheus::MetricType::Histogram};
  }

  // The value of a gauge or counter.
  void Add(Labels labels, double value);
  void Add(Labels labels, prometheus::ClientMetric::Histogram histogram);

  prometheus::MetricFamily Take() && { return std::move(family_); }

 private:
  Family(const char* name, const char* help, prometheus::MetricType type);

  prometheus::MetricFamily family_;
};

// Lines of the exposition that carry a value.
std::size_t SeriesCount(const std::vector<prometheus::MetricFamily>& families);

// Leaves out whole metrics, the last ones first, until at most `limit` series are left, and then families without any.
// Returns how many series were left out.
std::size_t LimitSeries(std::vector<prometheus::MetricFamily>& families, std::size_t limit);

}  // namespace crosscall::metrics

#endif  // CONTROLLER_METRICS_FAMILY_H_
