#include "controller/metrics/catalogue.h"

#include "absl/strings/str_cat.h"
#include "proto/shared/check.h"

namespace crosscall::metrics {
namespace {

struct PageText {
  Page page;
  const char* title;
};
constexpr PageText kPages[] = {{Page::kResults, "`/metrics/results`: boards and results"},
                               {Page::kController, "`/metrics`: the controller"},
                               {Page::kEvery, "Every page, about itself"}};

std::string LabelsText(const Metric& metric) {
  std::string text;
  for (std::size_t i = 0; i < metric.LabelCount(); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ", "`", metric.labels[i], "`");
  }
  return text.empty() ? "-" : text;
}

std::string LevelsText(const Metric& metric) {
  if (metric.first == Level::kFleet && metric.last == Level::kFull) return "all";
  std::string text;
  for (const Level level : kLevels) {
    if (metric.IsAt(level)) absl::StrAppend(&text, text.empty() ? "" : ", ", "`", LevelName(level), "`");
  }
  return text;
}

}  // namespace

absl::string_view LevelName(Level level) {
  switch (level) {
    case Level::kFleet:
      return "fleet";
    case Level::kBoard:
      return "board";
    case Level::kFull:
      return "full";
  }
  CROSSCALL_CHECK(false, "there is no such level");
  return "";
}

absl::optional<Level> ParseLevel(absl::string_view name) {
  for (const Level level : kLevels) {
    if (LevelName(level) == name) return level;
  }
  return absl::nullopt;
}

absl::string_view KindName(Kind kind) {
  switch (kind) {
    case Kind::kGauge:
      return "gauge";
    case Kind::kCounter:
      return "counter";
    case Kind::kHistogram:
      return "histogram";
  }
  CROSSCALL_CHECK(false, "there is no such kind of metric");
  return "";
}

std::size_t Metric::LabelCount() const {
  std::size_t count = 0;
  while (count < labels.size() && labels[count] != nullptr) ++count;
  return count;
}

const std::vector<const Metric*>& Catalogue() {
  using namespace catalogue;
  static const std::vector<const Metric*>* const kAll = new std::vector<const Metric*>{
      &kBoardInfo,        &kBoardUp,          &kBoardQuarantined,    &kBoardLastSeen,      &kBoardLastTrial,
      &kBoardLastHang,    &kBoardLastWedge,   &kBoardClockOffset,    &kBoardCertificate,   &kBoardTrials,
      &kBoardWedges,      &kFleetHangs,       &kBoardHangs,          &kCallLatency,        &kLastTrialLatency,
      &kBuildInfo,        &kBoardsRegistered, &kAgentsConnected,     &kSweepLastStart,     &kSweepLastCompletion,
      &kSweepLastSuccess, &kSweepPeriod,      &kSweepLastDuration,   &kSweepInProgress,    &kSweepLastBoards,
      &kScheduleOverdue,  &kResultsReceived,  &kResultsRejected,     &kIngestQueueLength,  &kIngestQueueCapacity,
      &kDispatchLatency,  &kStoreOperations,  &kStoreFailures,       &kStoreDuration,      &kStoreSize,
      &kStoreFree,        &kRetentionRemoved, &kPowerCycles,         &kPowerCycleFailures, &kGrpcRequests,
      &kTlsCertificate,   &kProcessCpu,       &kProcessStart,        &kProcessMemory,      &kProcessOpenFds,
      &kProcessMaxFds,    &kExporterSeries,   &kExporterSeriesLimit, &kExporterDropped,    &kExporterDuration};
  return *kAll;
}

std::string CatalogueMarkdown() {
  std::string text;
  for (const PageText& page : kPages) {
    absl::StrAppend(&text, text.empty() ? "" : "\n", "### ", page.title, "\n\n",
                    "| name | type | labels | unit | levels | meaning |\n|---|---|---|---|---|---|\n");
    for (const Metric* metric : Catalogue()) {
      if (metric->page != page.page) continue;
      absl::StrAppend(&text, "| `", metric->name, "` | ", KindName(metric->kind), " | ", LabelsText(*metric), " | ",
                      metric->unit, " | ", LevelsText(*metric), " | ", metric->help, " |\n");
    }
  }
  return text;
}

}  // namespace crosscall::metrics
