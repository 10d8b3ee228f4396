#include "controller/metrics/estimate.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "controller/metrics/board_families.h"
#include "proto/shared/call_buckets.h"
#include "proto/shared/check.h"

namespace crosscall::metrics {
namespace {

// What Prometheus 2.42 was seen to hold of a series in memory.
constexpr double kBytesOfSeries = 3200;
// A histogram has its sum and its count besides.
constexpr std::uint64_t kHistogramSeries = shared::CallBuckets::kCount + 2;

// How many values a label takes.
std::uint64_t ValuesOf(absl::string_view label, const Metric& metric, const LabSize& lab, Level level) {
  if (label == "board") return lab.boards;
  if (label == "model") return lab.models;
  // Hangs of those that are not tracked are counted as `other`.
  if (label == "implementation") return lab.implementations + (metric.name == catalogue::kFleetHangs.name ? 1 : 0);
  if (label == "scenario") {
    const bool headline = &metric == &catalogue::kLastTrialLatency && level == Level::kBoard;
    return headline && lab.pairs > 1 ? 1 : lab.pairs;
  }
  // Of the pair that `scenario` has counted.
  if (label == "target_system") return 1;
  if (label == "stat") return level == Level::kFull ? kFullStats : kBoardStats;
  if (label == "outcome") return kTrialOutcomes;
  CROSSCALL_CHECK(false, "a label of /metrics/results that nobody counts");
  return 0;
}

}  // namespace

std::uint64_t SeriesOf(const Metric& metric, const LabSize& lab, Level level) {
  if (metric.page != Page::kResults || !metric.IsAt(level)) return 0;
  // One a board: the other labels follow from it.
  if (&metric == &catalogue::kBoardInfo) return lab.boards;
  std::uint64_t series = metric.kind == Kind::kHistogram ? kHistogramSeries : 1;
  for (std::size_t i = 0; i < metric.LabelCount(); ++i) series *= ValuesOf(metric.labels[i], metric, lab, level);
  return series;
}

std::uint64_t SeriesOfResults(const LabSize& lab, Level level) {
  std::uint64_t series = 0;
  for (const Metric* metric : Catalogue()) series += SeriesOf(*metric, lab, level);
  return series;
}

std::string EstimateText(const LabSize& lab, std::uint64_t limit) {
  std::string text = absl::StrFormat(
      "Series of /metrics/results at most, for %d boards of %d models, %d implementations and %d pairs of scenario and "
      "target system that are tracked:\n\n%-58s %9s %9s %9s\n",
      lab.boards, lab.models, lab.implementations, lab.pairs, "METRIC", "FLEET", "BOARD", "FULL");
  // By name: one metric may have other labels at another level.
  std::vector<absl::string_view> names;
  std::map<absl::string_view, std::map<Level, std::uint64_t>> lines;
  for (const Metric* metric : Catalogue()) {
    if (metric->page != Page::kResults) continue;
    if (lines.count(metric->name) == 0) names.push_back(metric->name);
    for (const Level level : kLevels) lines[metric->name][level] += SeriesOf(*metric, lab, level);
  }
  for (const absl::string_view name : names) {
    absl::StrAppendFormat(&text, "%-58s", name);
    for (const Level level : kLevels) absl::StrAppendFormat(&text, " %9d", lines[name][level]);
    absl::StrAppend(&text, "\n");
  }
  absl::StrAppendFormat(&text, "%-58s", "all");
  for (const Level level : kLevels) absl::StrAppendFormat(&text, " %9d", SeriesOfResults(lab, level));
  absl::StrAppendFormat(&text, "\n%-58s", "MB of Prometheus's memory, about");
  for (const Level level : kLevels) {
    absl::StrAppendFormat(&text, " %9.0f", static_cast<double>(SeriesOfResults(lab, level)) * kBytesOfSeries / 1e6);
  }
  absl::StrAppend(&text, "\n");
  for (const Level level : kLevels) {
    if (SeriesOfResults(lab, level) <= limit) continue;
    absl::StrAppend(&text, "Level ", LevelName(level), " does not fit into --metrics-series-limit ", limit,
                    ": what is beyond is left out.\n");
  }
  return text;
}

}  // namespace crosscall::metrics
