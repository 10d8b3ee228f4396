#include "controller/report/digest_json.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/cli/units.h"
#include "controller/report/point_rows.h"
#include "proto/shared/exploration_text.h"

namespace crosscall::report {
namespace {

constexpr std::array<double, 24> kQuantiles = {0,      0.1,   0.25,   0.5,    0.6,     0.7,     0.75,     0.8,
                                               0.85,   0.9,   0.925,  0.95,   0.97,    0.98,    0.99,     0.995,
                                               0.9975, 0.999, 0.9995, 0.9999, 0.99995, 0.99999, 0.999995, 0.999999};
// Buckets put together in a histogram that is drawn: 16 a doubling.
constexpr std::uint32_t kBinWidth = 8;
// A square of two CPUs shows nothing.
constexpr std::size_t kFewestHeatMapRows = 3;

void WriteSetting(const PointKey& key, shared::Json& json) {
  json.Key("scenario").String(key.scenario).Key("implementation").String(key.implementation);
  json.Key("board").String(key.board).Key("target_state").String(key.target_state);
  json.Key("parameters").String(key.parameters).Key("rate").Real(key.arrival_rate_hz);
}

using Intervals = std::vector<std::pair<std::string, std::string>>;

// All intervals between stages that some series has.
Intervals IntervalsOf(const Digest& digest) {
  std::set<std::pair<std::string, std::string>> intervals;
  for (const auto& [key, series] : digest.series()) {
    for (const auto& [interval, distribution] : series.stages) intervals.insert(interval);
  }
  return {intervals.begin(), intervals.end()};
}

void WriteStages(const SeriesDigest& series, const Intervals& intervals, shared::Json& json) {
  json.Key("stages").BeginArray();
  for (std::size_t i = 0; i < intervals.size(); ++i) {
    const auto found = series.stages.find(intervals[i]);
    if (found == series.stages.end()) continue;
    const Distribution& distribution = found->second;
    json.BeginArray().Number(i).Number(distribution.count()).Number(distribution.mean());
    json.Number(distribution.Quantile(0.5)).Number(distribution.Quantile(0.99)).Number(distribution.max()).EndArray();
  }
  json.EndArray();
}

void WriteSeries(const PointKey& key, const SeriesDigest& series, const Intervals& intervals, shared::Json& json) {
  json.BeginObject();
  WriteSetting(key, json);
  json.Key("count").Number(series.latency.count()).Key("p50").Number(series.latency.Quantile(0.5));
  json.Key("p99").Number(series.latency.Quantile(0.99)).Key("max").Number(series.latency.max());
  json.Key("curve").BeginArray();
  for (const double quantile : kQuantiles) {
    json.Number(quantile == 0 ? series.latency.min() : series.latency.Quantile(quantile));
  }
  json.EndArray().Key("bins").BeginArray();
  for (const auto& [bin, count] : series.latency.Coarse(kBinWidth)) {
    json.BeginArray().Number(bin).Number(count).EndArray();
  }
  json.EndArray();
  WriteStages(series, intervals, json);
  json.EndObject();
}

// The p99 from which on series have curves.
std::uint64_t SlowestFrom(const Digest& digest, std::size_t limit) {
  if (digest.series().size() <= limit) return 0;
  std::vector<std::uint64_t> spans;
  for (const auto& [key, series] : digest.series()) spans.push_back(series.latency.Quantile(0.99));
  const auto nth = spans.begin() + static_cast<std::ptrdiff_t>(limit);
  std::nth_element(spans.begin(), nth, spans.end(), std::greater<>());
  // Not those that are as fast as the first one left out: there may be many.
  return *nth + 1;
}

void WriteAllSeries(const Digest& digest, std::size_t limit, std::vector<std::string>& left_out, shared::Json& json) {
  const std::uint64_t from = SlowestFrom(digest, limit);
  const Intervals intervals = IntervalsOf(digest);
  json.Key("stage_names").BeginArray();
  for (const auto& [first, second] : intervals) json.String(absl::StrCat(first, " → ", second));
  json.EndArray().Key("series").BeginArray();
  std::size_t written = 0;
  for (const auto& [key, series] : digest.series()) {
    if (series.latency.Quantile(0.99) < from) continue;
    WriteSeries(key, series, intervals, json);
    ++written;
  }
  json.EndArray();
  if (written == digest.series().size()) return;
  left_out.push_back(absl::StrCat("Curves and stages are there for the ", written, " slowest of ",
                                  digest.series().size(),
                                  " combinations of scenario, implementation, setting and board; the table of results "
                                  "has them all."));
}

// How many call targets were reached by which route, in the whole sweep.
void WriteRoutes(const Digest& digest, shared::Json& json) {
  std::map<std::string, std::uint64_t> routes;
  for (const auto& [key, series] : digest.series()) {
    for (const auto& [route, count] : series.routes) routes[route] += count;
  }
  json.Key("routes").BeginObject();
  for (const auto& [route, count] : routes) json.Key(route).Number(count);
  json.EndObject();
}

template <class Cells>
void WriteCells(const Cells& cells, shared::Json& json) {
  json.BeginArray();
  for (const auto& cell : cells) cell.has_value() ? json.Number(*cell) : json.Null();
  json.EndArray();
}

void WriteHeatMap(const PointKey& key, const HeatMap& map, shared::Json& json) {
  json.BeginObject();
  WriteSetting(key, json);
  json.Key("cpus").Number(map.cpu_count).Key("block").Number(map.block).Key("rows").BeginArray();
  for (const HeatMap::Row& row : map.rows) {
    json.BeginObject().Key("label").String(row.label).Key("node").Signed(row.node).EndObject();
  }
  json.EndArray().Key("p50");
  WriteCells(map.p50, json);
  json.Key("p99");
  WriteCells(map.p99, json);
  json.EndObject();
}

void WriteHeatMaps(const Digest& digest, std::size_t cells, std::vector<std::string>& left_out, shared::Json& json) {
  std::uint64_t without = 0;
  json.Key("heatmaps").BeginArray();
  for (const auto& [key, series] : digest.series()) {
    const HeatMap map = MakeHeatMap(series.pairs, digest.circumstances().NodesOf(key.board));
    if (map.cpu_count < kFewestHeatMapRows) continue;
    if (map.p50.size() > cells) {
      ++without;
      continue;
    }
    cells -= map.p50.size();
    WriteHeatMap(key, map, json);
  }
  json.EndArray();
  if (without != 0) {
    left_out.push_back(absl::StrCat(without, " more heat maps: `crosscallctl results SWEEP --heatmap` draws all."));
  }
}

void WriteHead(const v1::Sweep& sweep, shared::Json& json) {
  json.Key("name").String(sweep.name());
  json.Key("state").String(cli::EnumWords(v1::Sweep::State_Name(sweep.state()), "STATE_"));
  json.Key("reason").String(sweep.state_reason()).Key("owner").String(sweep.owner());
  json.Key("schedule").String(sweep.schedule()).Key("created").String(cli::FormatInstant(sweep.create_time()));
  json.Key("started").String(cli::FormatInstant(sweep.start_time()));
  json.Key("ended").String(cli::FormatInstant(sweep.end_time())).Key("coverage").Real(sweep.coverage());
  json.Key("progress");
  WriteProgress(sweep.progress(), json);
}

}  // namespace

void WriteProgress(const v1::SweepProgress& progress, shared::Json& json) {
  json.BeginObject().Key("total").Number(progress.total_count()).Key("pending").Number(progress.pending_count());
  json.Key("running").Number(progress.running_count()).Key("completed").Number(progress.completed_count());
  json.Key("hung").Number(progress.hung_count()).Key("crashed").Number(progress.crashed_count());
  json.Key("refused").Number(progress.refused_count()).Key("failed").Number(progress.failed_count());
  json.Key("cancelled").Number(progress.cancelled_count()).Key("wedged").Number(progress.wedged_count());
  json.Key("invalid_attempts").Number(progress.invalid_attempt_count());
  json.Key("lost_attempts").Number(progress.lost_attempt_count()).EndObject();
}

void WriteQuantiles(shared::Json& json) {
  json.BeginArray();
  for (const double quantile : kQuantiles) json.Real(quantile);
  json.EndArray();
}

void WriteSweep(const Digest& digest, const Limits& limits, shared::Json& json) {
  std::vector<std::string> left_out = digest.findings().LeftOut();
  json.BeginObject();
  WriteHead(digest.sweep(), json);
  WritePoints(digest, json);
  WriteAllSeries(digest, limits.curves, left_out, json);
  WriteRoutes(digest, json);
  WriteHeatMaps(digest, limits.cells, left_out, json);
  digest.findings().Write(json);
  json.Key("environments");
  digest.circumstances().WriteEnvironments(json);
  json.Key("overhead");
  digest.circumstances().WriteOverhead(json);
  json.Key("boards");
  digest.boards().Write(json);
  json.Key("left_out").BeginArray();
  for (const std::string& sentence : left_out) json.String(sentence);
  json.EndArray().EndObject();
}

}  // namespace crosscall::report
