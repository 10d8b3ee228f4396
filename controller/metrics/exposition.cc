#include "controller/metrics/exposition.h"

#include <limits>
#include <utility>
#include <vector>

#include "prometheus/metric_type.h"
#include "prometheus/text_serializer.h"
#include "proto/shared/check.h"

namespace crosscall::metrics {
namespace {

constexpr char kUnknown[] = "unknown";

prometheus::MetricType TypeOf(Kind kind) {
  switch (kind) {
    case Kind::kGauge:
      return prometheus::MetricType::Gauge;
    case Kind::kCounter:
      return prometheus::MetricType::Counter;
    case Kind::kHistogram:
      return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

}  // namespace

Family::Family(const Metric& metric, std::size_t room) : metric_(metric), room_(room) {
  family_.name = metric.name;
  family_.help = metric.help;
  family_.type = TypeOf(metric.kind);
}

prometheus::ClientMetric* Family::Make(Values labels, std::size_t series) {
  CROSSCALL_CHECK(labels.size() == metric_.LabelCount(), metric_.name);
  if (series > room_) {
    dropped_ += series;
    return nullptr;
  }
  room_ -= series;
  series_ += series;
  prometheus::ClientMetric& made = family_.metric.emplace_back();
  made.label.reserve(labels.size());
  std::size_t index = 0;
  for (const absl::string_view value : labels) {
    made.label.push_back({metric_.labels[index++], std::string(value.empty() ? kUnknown : value)});
  }
  return &made;
}

void Family::Add(Values labels, double value) {
  CROSSCALL_CHECK(metric_.kind != Kind::kHistogram, "a plain value is a gauge's or a counter's");
  prometheus::ClientMetric* const made = Make(labels, 1);
  if (made == nullptr) return;
  (metric_.kind == Kind::kCounter ? made->counter.value : made->gauge.value) = value;
}

void Family::Add(Values labels, prometheus::ClientMetric::Histogram histogram) {
  CROSSCALL_CHECK(metric_.kind == Kind::kHistogram, "buckets are a histogram's");
  // The serializer adds the sum and the count.
  if (prometheus::ClientMetric* const made = Make(labels, histogram.bucket.size() + 2)) {
    made->histogram = std::move(histogram);
  }
}

void Exposition::Write(const Metric& metric, absl::FunctionRef<void(Family&)> fill) {
  Family family(metric, lifted_ ? std::numeric_limits<std::size_t>::max() : limit_ - series_);
  fill(family);
  if (!lifted_) {
    series_ += family.series_;
    dropped_ += family.dropped_;
  }
  if (family.family_.metric.empty()) return;
  std::vector<prometheus::MetricFamily> families;
  families.push_back(std::move(family.family_));
  prometheus::TextSerializer().Serialize(out_, families);
}

void Exposition::Write(const Metric& metric, double value) {
  Write(metric, [value](Family& family) { family.Add({}, value); });
}

}  // namespace crosscall::metrics
