#include "controller/cli/result_sheet.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "controller/cli/units.h"
#include "proto/shared/exploration_text.h"
#include "proto/shared/histogram.h"
#include "proto/shared/histogram_proto.h"

namespace crosscall::cli {
namespace {

constexpr std::size_t kShownHangs = 3;
constexpr std::size_t kShownWays = 3;

// Which axes have more than one value.
struct Varying {
  explicit Varying(const ResultGroups& groups) {
    std::set<std::string> boards;
    std::set<int> systems;
    std::set<std::vector<std::uint32_t>> cpu_lists;
    std::set<std::string> states;
    std::set<std::string> parameter_sets;
    std::set<double> rates;
    for (const auto& [key, point] : groups.points()) {
      boards.insert(key.board);
      systems.insert(key.target_system);
      parameter_sets.insert(key.parameters);
      // An exploration has no value on the axes of measuring.
      if (key.target_system == v1::TARGET_SYSTEM_EXPLORE) continue;
      cpu_lists.insert(key.cpus);
      states.insert(key.target_state);
      rates.insert(key.arrival_rate_hz);
    }
    explored = systems.count(v1::TARGET_SYSTEM_EXPLORE) != 0;
    board = boards.size() > 1;
    target_system = systems.size() > 1;
    measured = !explored || target_system;
    cpus = cpu_lists.size() > 1;
    target_state = states.size() > 1;
    parameters = parameter_sets.size() > 1;
    arrival_rate = rates.size() > 1;
  }
  bool board = false;
  bool target_system = false;
  // Some point was measured, some was searched.
  bool measured = false;
  bool explored = false;
  bool cpus = false;
  bool target_state = false;
  bool parameters = false;
  bool arrival_rate = false;
};

std::vector<SheetColumn> Columns(const Varying& varying) {
  const auto if_varies = [](bool varies) { return varies ? Audience::kAll : Audience::kScripts; };
  return {
      {"scenario", "SCENARIO"},
      {"implementation", "IMPLEMENTATION"},
      {"target_system", "SYSTEM", Align::kLeft, if_varies(varying.target_system)},
      {"board", "BOARD", Align::kLeft, if_varies(varying.board)},
      {"cpus", "CPUS", Align::kLeft, if_varies(varying.cpus)},
      {"target_state", "TARGET", Align::kLeft, if_varies(varying.target_state)},
      {"parameters", "PARAMETERS", Align::kLeft, if_varies(varying.parameters)},
      {"arrival_rate_hz", "RATE", Align::kRight, if_varies(varying.arrival_rate)},
      {"trials", "TRIALS", Align::kRight, Audience::kScripts},
      {"outcome", "OUTCOME"},
      {"verdict", "VERDICT", Align::kLeft, if_varies(varying.explored)},
      {"memory", "MEMORY", Align::kLeft, if_varies(varying.explored)},
      {"states", "STATES", Align::kRight, if_varies(varying.explored)},
      {"steps", "STEPS", Align::kRight, Audience::kScripts},
      {"calls", "CALLS", Align::kRight, if_varies(varying.measured)},
      {"refused_calls", "REFUSED", Align::kRight, Audience::kScripts},
      {"violations", "VIOLATIONS", Align::kRight, Audience::kScripts},
      {"latency_count", "COUNT", Align::kRight, Audience::kScripts},
      {"latency_min_nanos", "MIN", Align::kRight, Audience::kScripts},
      {"latency_mean_nanos", "MEAN", Align::kRight, Audience::kScripts},
      {"latency_p50_nanos", "P50", Align::kRight, if_varies(varying.measured)},
      {"latency_p99_nanos", "P99", Align::kRight, if_varies(varying.measured)},
      {"latency_p999_nanos", "P99.9", Align::kRight, if_varies(varying.measured)},
      {"latency_max_nanos", "MAX", Align::kRight, if_varies(varying.measured)},
      {"ipis", "IPIS SEEN/EXPECTED", Align::kRight, varying.measured ? Audience::kPeople : Audience::kNobody},
      {"ipis_seen", "SEEN", Align::kRight, Audience::kScripts},
      {"ipis_expected", "EXPECTED", Align::kRight, Audience::kScripts},
      {"notes", "NOTES"},
  };
}

Cell NanosCell(std::uint64_t nanos) { return Cell::Number(nanos, FormatNanos(nanos)); }

// What is left when no histogram is: the quantiles of one attempt, and of several, which cannot be pooled, the maximum.
void AddRemoved(const PointSummary& point, std::vector<Cell>& row) {
  row.insert(row.end(), {Cell(), Cell(), Cell()});
  if (point.removed == 1) {
    row.insert(row.end(), {NanosCell(point.removal.p50_nanos()), NanosCell(point.removal.p99_nanos()),
                           NanosCell(point.removal.p999_nanos())});
  } else {
    row.insert(row.end(), {Cell(), Cell(), Cell()});
  }
  row.push_back(NanosCell(point.removed_max_nanos));
}

absl::Status AddLatency(const PointSummary& point, std::vector<Cell>& row) {
  const v1::Histogram& proto = point.latency;
  if (proto.count() == 0 && point.removed_max_nanos != 0) {
    AddRemoved(point, row);
    return absl::OkStatus();
  }
  if (proto.count() == 0) {
    row.insert(row.end(), {Cell::Number(0), Cell(), Cell(), Cell(), Cell(), Cell(), Cell()});
    return absl::OkStatus();
  }
  absl::StatusOr<shared::Histogram> histogram = shared::FromProto(proto);
  if (!histogram.ok()) return absl::DataLossError(histogram.status().message());
  row.insert(row.end(), {Cell::Number(histogram->count()), NanosCell(histogram->min()), NanosCell(histogram->mean()),
                         NanosCell(histogram->Quantile(0.5)), NanosCell(histogram->Quantile(0.99)),
                         NanosCell(histogram->Quantile(0.999)), NanosCell(histogram->max())});
  return absl::OkStatus();
}

std::string Notes(const PointSummary& point) {
  std::vector<std::string> notes;
  if (point.violations != 0) notes.push_back(absl::StrCat(FormatCount(point.violations), " wrong values"));
  if (point.refused_calls != 0) notes.push_back(absl::StrCat(FormatCount(point.refused_calls), " calls refused"));
  if (point.removed != 0) {
    notes.push_back(absl::StrCat(point.removed == 1 ? "" : absl::StrCat("of ", point.removed, " trials: "),
                                 RemovalText(point.removal)));
  }
  notes.insert(notes.end(), point.notes.begin(), point.notes.end());
  return absl::StrJoin(notes, "; ");
}

// What only an exploration has.
void AddExploration(const PointKey& key, const PointSummary& point, std::vector<Cell>& row) {
  if (key.target_system != v1::TARGET_SYSTEM_EXPLORE || point.verdicts.empty()) {
    row.insert(row.end(), {Cell(), Cell(), Cell(), Cell()});
    return;
  }
  row.insert(row.end(), {Cell::Text(VerdictText(point)), Cell::Text(absl::StrJoin(point.memories, ", ")),
                         Cell::Number(point.states, FormatCount(point.states)), Cell::Number(point.steps)});
}

// What only a measurement has, before its latencies.
void AddCalls(const PointKey& key, const PointSummary& point, std::vector<Cell>& row) {
  if (key.target_system == v1::TARGET_SYSTEM_EXPLORE) {
    row.insert(row.end(), {Cell(), Cell(), Cell()});
    return;
  }
  row.insert(row.end(), {Cell::Number(point.calls, FormatCount(point.calls)), Cell::Number(point.refused_calls),
                         Cell::Number(point.violations)});
}

absl::StatusOr<std::vector<Cell>> Row(const PointKey& key, const PointSummary& point) {
  const std::string rate = key.arrival_rate_hz == 0 ? "closed" : absl::StrFormat("%.6g/s", key.arrival_rate_hz);
  std::vector<Cell> row = {Cell::Text(key.scenario),
                           Cell::Text(key.implementation),
                           Cell::Text(shared::TargetSystemName(static_cast<v1::TargetSystem>(key.target_system))),
                           Cell::Text(key.board),
                           Cell::Numbers(key.cpus),
                           Cell::Text(key.target_state),
                           Cell::Text(key.parameters),
                           Cell::Real(key.arrival_rate_hz, rate),
                           Cell::Number(point.trials),
                           Cell::Text(StandingText(point))};
  AddExploration(key, point, row);
  AddCalls(key, point, row);
  if (absl::Status status = AddLatency(point, row); !status.ok()) return status;
  if (point.has_ipis) {
    row.push_back(Cell::Text(absl::StrCat(FormatCount(point.ipis_seen), "/", FormatCount(point.ipis_expected))));
    row.push_back(Cell::Number(point.ipis_seen));
    row.push_back(Cell::Number(point.ipis_expected));
  } else {
    row.insert(row.end(), {Cell(), Cell(), Cell()});
  }
  row.push_back(Cell::Text(Notes(point)));
  return row;
}

}  // namespace

absl::StatusOr<Sheet> ResultSheet(const ResultGroups& groups) {
  Sheet sheet(Columns(Varying(groups)));
  for (const auto& [key, point] : groups.points()) {
    absl::StatusOr<std::vector<Cell>> row = Row(key, point);
    if (!row.ok()) return row.status();
    sheet.Add(*std::move(row));
  }
  return sheet;
}

std::string ResultFooter(const ResultGroups& groups) {
  std::string out;
  for (const std::string& circumstance : groups.circumstances()) {
    absl::StrAppend(&out, "Measured on: ", circumstance, "\n");
  }
  const OverheadBound& overhead = groups.overhead();
  if (overhead.empty_call_nanos != 0 || overhead.clock_read_nanos != 0) {
    absl::StrAppend(&out, "Overhead:    at most ", FormatNanos(overhead.empty_call_nanos),
                    " a call (subtracted), clock read ", FormatNanos(overhead.clock_read_nanos), ", clock skew ",
                    FormatNanos(overhead.clock_skew_nanos), "\n");
  }
  std::vector<std::string> hangs;
  std::vector<std::string> ways;
  for (const auto& [key, point] : groups.points()) {
    if (!point.first_hang.empty()) hangs.push_back(point.first_hang);
    if (!point.first_way.empty()) ways.push_back(point.first_way);
  }
  for (std::size_t i = 0; i < hangs.size() && i < kShownHangs; ++i) {
    absl::StrAppend(&out, "Why it hung: crosscallctl hang show ", hangs[i], "\n");
  }
  if (hangs.size() > kShownHangs) {
    // sweeps/{sweep}/trials/...
    const std::vector<std::string> parts = absl::StrSplit(hangs[0], '/');
    absl::StrAppend(&out, "All hangs:   crosscallctl hangs ", parts.size() > 1 ? parts[1] : "", "\n");
  }
  for (std::size_t i = 0; i < ways.size() && i < kShownWays; ++i) {
    absl::StrAppend(&out, "The way:     crosscallctl result show ", ways[i], "\n");
  }
  return out;
}

}  // namespace crosscall::cli
