// One page of metrics in the making: families of the catalogue become Prometheus's text, one after the other, within a
// limit of series.
//
// A family is text before the next is made, so that memory holds one of them at a time, and what does not fit is
// counted and never made.
#ifndef CONTROLLER_METRICS_EXPOSITION_H_
#define CONTROLLER_METRICS_EXPOSITION_H_

#include <cstddef>
#include <initializer_list>
#include <sstream>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "controller/metrics/catalogue.h"
#include "prometheus/client_metric.h"
#include "prometheus/metric_family.h"

namespace crosscall::metrics {

// The series of one metric under construction. Label values must have passed api::Clean, since prometheus-cpp checks
// nothing; no label set may be added twice. Not thread-safe.
class Family {
 public:
  // The values of the metric's labels, in its order; an empty one becomes `unknown`, for it would be no label.
  using Values = std::initializer_list<absl::string_view>;

  // Of a gauge or counter.
  void Add(Values labels, double value);
  // Of a histogram; its last bucket is +Inf.
  void Add(Values labels, prometheus::ClientMetric::Histogram histogram);

 private:
  friend class Exposition;
  Family(const Metric& metric, std::size_t room);
  // Null if there is no room for `series` more, which are then counted as dropped.
  prometheus::ClientMetric* Make(Values labels, std::size_t series);

  const Metric& metric_;
  prometheus::MetricFamily family_;
  std::size_t room_;
  std::size_t series_ = 0;
  std::size_t dropped_ = 0;
};

class Exposition {
 public:
  explicit Exposition(std::size_t limit) : limit_(limit) {}

  // `fill` adds the series; a metric without any is left out. No metric may be written twice.
  void Write(const Metric& metric, absl::FunctionRef<void(Family&)> fill);
  // A metric without labels.
  void Write(const Metric& metric, double value);

  // Lines that carry a value; those that did not fit.
  std::size_t series() const { return series_; }
  std::size_t dropped() const { return dropped_; }
  // From now on nothing is counted or left out: for what is said about the page itself.
  void LiftLimit() { lifted_ = true; }

  // Prometheus's text format 0.0.4.
  std::string Text() && { return std::move(out_).str(); }

 private:
  const std::size_t limit_;
  std::ostringstream out_;
  std::size_t series_ = 0;
  std::size_t dropped_ = 0;
  bool lifted_ = false;
};

}  // namespace crosscall::metrics

#endif  // CONTROLLER_METRICS_EXPOSITION_H_
