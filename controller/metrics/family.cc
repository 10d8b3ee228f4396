#include "controller/metrics/family.h"

#include <algorithm>

#include "proto/shared/check.h"

namespace crosscall::metrics {
namespace {

std::size_t SeriesOf(const prometheus::MetricFamily& family, const prometheus::ClientMetric& metric) {
  if (family.type != prometheus::MetricType::Histogram) return 1;
  // The serializer adds the sum, the count and, where it is missing, the +Inf bucket; ours end with +Inf.
  return metric.histogram.bucket.size() + 2;
}

}  // namespace

Family::Family(const char* name, const char* help, prometheus::MetricType type) {
  family_.name = name;
  family_.help = help;
  family_.type = type;
}

void Family::Add(Labels labels, double value) {
  prometheus::ClientMetric metric;
  metric.label = std::move(labels);
  if (family_.type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    CROSSCALL_CHECK(family_.type == prometheus::MetricType::Gauge, "a plain value is a gauge's or a counter's");
    metric.gauge.value = value;
  }
  family_.metric.push_back(std::move(metric));
}

void Family::Add(Labels labels, prometheus::ClientMetric::Histogram histogram) {
  CROSSCALL_CHECK(family_.type == prometheus::MetricType::Histogram, "buckets are a histogram's");
  prometheus::ClientMetric metric;
  metric.label = std::move(labels);
  metric.histogram = std::move(histogram);
  family_.metric.push_back(std::move(metric));
}

std::size_t SeriesCount(const std::vector<prometheus::MetricFamily>& families) {
  std::size_t series = 0;
  for (const prometheus::MetricFamily& family : families) {
    for (const prometheus::ClientMetric& metric : family.metric) series += SeriesOf(family, metric);
  }
  return series;
}

std::size_t LimitSeries(std::vector<prometheus::MetricFamily>& families, std::size_t limit) {
  std::size_t left = SeriesCount(families);
  const std::size_t before = left;
  for (auto family = families.rbegin(); family != families.rend() && left > limit; ++family) {
    while (left > limit && !family->metric.empty()) {
      left -= SeriesOf(*family, family->metric.back());
      family->metric.pop_back();
    }
  }
  families.erase(std::remove_if(families.begin(), families.end(),
                                [](const prometheus::MetricFamily& family) { return family.metric.empty(); }),
                 families.end());
  return before - left;
}

}  // namespace crosscall::metrics
