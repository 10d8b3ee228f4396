#include "controller/cli/percentile_plot.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "controller/cli/units.h"
#include "controller/report/distribution.h"

namespace crosscall::cli {
namespace {

using report::Distribution;

constexpr std::size_t kColumns = 66;
constexpr std::size_t kRows = 16;
constexpr std::size_t kMostLines = 26;
constexpr std::size_t kRowsPerLabel = 5;
// Decades of rarity that are shown at least: up to p99.
constexpr double kFewestDecades = 2;

struct Curve {
  std::string label;
  Distribution latency;
};

// 0, 1, 2, 3 for p0, p90, p99, p99.9.
double QuantileAt(double decades) { return 1 - std::pow(10.0, -decades); }

class Plot {
 public:
  explicit Plot(const std::vector<Curve>& curves) : curves_(curves) {
    std::uint64_t low = ~std::uint64_t{0};
    std::uint64_t high = 1;
    for (const Curve& curve : curves) {
      decades_ = std::max(decades_, std::log10(static_cast<double>(curve.latency.count())));
      low = std::min(low, std::max<std::uint64_t>(curve.latency.min(), 1));
      high = std::max(high, curve.latency.max());
    }
    low_ = std::log10(static_cast<double>(low));
    // A factor of two at least: noise must not look like distance.
    high_ = std::max(std::log10(static_cast<double>(high)), low_ + std::log10(2.0));
  }

  std::string Draw() const {
    std::vector<std::string> canvas(kRows, std::string(kColumns, ' '));
    for (std::size_t i = 0; i < curves_.size(); ++i) DrawCurve(static_cast<char>('a' + i), curves_[i].latency, canvas);
    std::string out;
    for (std::size_t row = 0; row < kRows; ++row) {
      const bool labelled = row % kRowsPerLabel == 0;
      canvas[row].erase(canvas[row].find_last_not_of(' ') + 1);
      absl::StrAppendFormat(&out, "%10s %c%s\n", labelled ? FormatNanos(LatencyAt(row)) : "", labelled ? '+' : '|',
                            canvas[row]);
    }
    return out + Axis();
  }

 private:
  std::uint64_t LatencyAt(std::size_t row) const {
    const double share = 1 - static_cast<double>(row) / (kRows - 1);
    return static_cast<std::uint64_t>(std::llround(std::pow(10.0, low_ + share * (high_ - low_))));
  }

  std::size_t RowOf(std::uint64_t nanos) const {
    const double log = std::log10(static_cast<double>(std::max<std::uint64_t>(nanos, 1)));
    const double share = std::clamp((log - low_) / (high_ - low_), 0.0, 1.0);
    return static_cast<std::size_t>(std::lround((1 - share) * (kRows - 1)));
  }

  void DrawCurve(char letter, const Distribution& latency, std::vector<std::string>& canvas) const {
    const double own_decades = std::log10(static_cast<double>(latency.count()));
    for (std::size_t column = 0; column < kColumns; ++column) {
      const double decades = decades_ * static_cast<double>(column) / (kColumns - 1);
      if (decades > own_decades) return;
      const std::uint64_t nanos = column == 0 ? latency.min() : latency.Quantile(QuantileAt(decades));
      char& cell = canvas[RowOf(nanos)][column];
      cell = cell == ' ' ? letter : '*';
    }
  }

  std::string Axis() const {
    std::string line(kColumns, '-');
    std::string words = "min";
    for (int decade = 1; decade <= static_cast<int>(decades_); ++decade) {
      const auto column = static_cast<std::size_t>(std::lround(decade / decades_ * (kColumns - 1)));
      line[column] = '+';
      const std::string word = absl::StrFormat("p%.7g", QuantileAt(decade) * 100);
      // Centred below its mark, unless that would cover the word before.
      const std::size_t start = std::min(column - std::min(column, word.size() / 2), kColumns + 1 - word.size());
      if (start <= words.size()) continue;
      words.resize(start, ' ');
      words += word;
    }
    return absl::StrCat("           +", line, "\n            ", words, "\n");
  }

  const std::vector<Curve>& curves_;
  double decades_ = kFewestDecades;
  double low_ = 0;
  double high_ = 0;
};

std::string Key(const std::vector<Curve>& curves) {
  std::string out;
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const Distribution& latency = curves[i].latency;
    absl::StrAppendFormat(&out, "  %c %s  p50 %s, p99 %s, max %s\n", static_cast<char>('a' + i), curves[i].label,
                          FormatNanos(latency.Quantile(0.5)), FormatNanos(latency.Quantile(0.99)),
                          FormatNanos(latency.max()));
  }
  return out;
}

// What the lines of one plot have in common.
std::string TitleOf(const PointKey& key) {
  std::vector<std::string> parts = {key.scenario, key.board};
  if (!key.cpus.empty()) parts.push_back(absl::StrCat("CPUs ", absl::StrJoin(key.cpus, ",")));
  if (key.target_state != "spin") parts.push_back(absl::StrCat("targets ", key.target_state));
  if (!key.parameters.empty()) parts.push_back(key.parameters);
  if (key.arrival_rate_hz != 0) parts.push_back(absl::StrFormat("%.6g/s", key.arrival_rate_hz));
  return absl::StrJoin(parts, ", ");
}

}  // namespace

absl::StatusOr<std::string> FormatPercentilePlot(absl::string_view title, const std::vector<PlotLine>& lines) {
  std::vector<Curve> curves;
  std::size_t left_out = 0;
  for (const PlotLine& line : lines) {
    if (line.latency.count() == 0) continue;
    absl::StatusOr<Distribution> latency = Distribution::Of(line.latency);
    if (!latency.ok()) return absl::DataLossError(latency.status().message());
    if (curves.size() == kMostLines) {
      ++left_out;
    } else {
      curves.push_back({line.label, *std::move(latency)});
    }
  }
  if (curves.empty()) return std::string();
  std::string out = absl::StrCat(title, ": latency by percentile\n", Plot(curves).Draw(), Key(curves));
  if (left_out != 0) absl::StrAppend(&out, "  ", left_out, " more are not drawn\n");
  return out;
}

absl::StatusOr<std::string> FormatPercentilePlots(const ResultGroups& groups) {
  std::vector<std::string> titles;
  std::map<std::string, std::vector<PlotLine>> plots;
  for (const auto& [key, point] : groups.points()) {
    if (point.latency.count() == 0) continue;
    const std::string title = TitleOf(key);
    if (plots.count(title) == 0) titles.push_back(title);
    plots[title].push_back({key.implementation, point.latency});
  }
  std::string out;
  for (const std::string& title : titles) {
    absl::StatusOr<std::string> plot = FormatPercentilePlot(title, plots[title]);
    if (!plot.ok()) return plot.status();
    absl::StrAppend(&out, "\n", *plot);
  }
  return out;
}

}  // namespace crosscall::cli
