#include "controller/cli/history.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "proto/shared/exploration_text.h"
#include "proto/shared/histogram_proto.h"
#include "proto/shared/proto_time.h"

namespace crosscall::cli {
namespace {

namespace catalogue = metrics::catalogue;

constexpr double kNanosPerSecond = 1e9;
constexpr const char* kStats[] = {"p50", "p99", "max", "p999"};
constexpr char kOther[] = "other";
constexpr char kUnknown[] = "unknown";

struct OutcomeWord {
  v1::Outcome outcome;
  const char* word;
};
constexpr OutcomeWord kOutcomes[] = {{v1::OUTCOME_COMPLETED, "completed"}, {v1::OUTCOME_HUNG, "hung"},
                                     {v1::OUTCOME_CRASHED, "crashed"},     {v1::OUTCOME_WEDGED, "wedged"},
                                     {v1::OUTCOME_REFUSED, "refused"},     {v1::OUTCOME_INVALID, "invalid"}};

std::string IdOf(const std::string& name) { return std::string(absl::StripPrefix(name, "boards/")); }

std::string Number(double value) {
  return value == std::numeric_limits<double>::infinity() ? "+Inf" : absl::StrFormat("%.17g", value);
}

double Unix(absl::Time time) { return absl::ToDoubleSeconds(time - absl::UnixEpoch()); }

// What a completed result says of latency; retention may have taken the histogram and left the quantiles.
std::vector<double> StatsOf(const v1::Result& result, shared::CallBuckets& calls) {
  std::uint64_t nanos[] = {result.removal().p50_nanos(), result.removal().p99_nanos(), result.removal().max_nanos(),
                           result.removal().p999_nanos()};
  if (result.payload().has_latency()) {
    const absl::StatusOr<shared::Histogram> latency = shared::FromProto(result.payload().latency());
    if (!latency.ok()) return {};
    calls.Add(*latency);
    nanos[0] = latency->Quantile(0.5);
    nanos[1] = latency->Quantile(0.99);
    nanos[2] = latency->max();
    nanos[3] = latency->Quantile(0.999);
  } else if (!result.has_removal()) {
    return {};
  }
  std::vector<double> stats;
  for (const std::uint64_t one : nanos) stats.push_back(static_cast<double>(one) / kNanosPerSecond);
  return stats;
}

// OpenMetrics names a counter without its ending.
std::string FamilyName(const metrics::Metric& metric) {
  return std::string(absl::StripSuffix(metric.name, metric.kind == metrics::Kind::kCounter ? "_total" : ""));
}

}  // namespace

History::History(HistoryOptions options, const std::vector<v1::Board>& boards) : options_(std::move(options)) {
  for (const v1::Board& board : boards) boards_[board.name()] = board;
}

void History::Add(const v1::Result& result) {
  const v1::Outcome outcome = result.payload().outcome();
  if (!result.has_payload() || result.evidence() || outcome == v1::OUTCOME_LOST) return;
  const v1::TrialSpec& spec = result.trial().spec();
  Event event;
  event.time = shared::TimeOf(result.commit_time());
  event.board = IdOf(result.trial().board());
  const auto board = boards_.find(result.trial().board());
  event.model = board == boards_.end() ? "" : board->second.description().model();
  if (event.model.empty()) event.model = kUnknown;
  event.outcome = outcome;
  event.implementation = spec.implementation();
  event.pair = {spec.scenario(), spec.target_system()};
  const bool measured = outcome == v1::OUTCOME_COMPLETED && !result.payload().has_exploration();
  if (measured) event.stats = StatsOf(result, event.calls);
  first_ = std::min(first_, event.time);
  events_.push_back(std::move(event));
}

std::string History::Labels(const std::vector<std::pair<std::string, std::string>>& labels) const {
  std::string text;
  for (const auto* some : {&labels, &options_.labels}) {
    for (const auto& [name, value] : *some) {
      absl::StrAppend(
          &text, text.empty() ? "" : ",", name, "=\"",
          absl::StrReplaceAll(value.empty() ? kUnknown : value, {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}}), "\"");
    }
  }
  return text;
}

void History::AddTo(const metrics::Metric& metric, const std::string& suffix, const std::string& labels,
                    absl::Time time, double more) {
  Changes& changes = Of(metric, suffix)[labels];
  if (changes.empty()) changes.emplace_back(absl::InfinitePast(), 0);
  if (more != 0) changes.emplace_back(time, changes.back().second + more);
}

void History::ReplayTrial(const Event& event) {
  // Every counter is there as soon as one is.
  for (const OutcomeWord& one : kOutcomes) {
    AddTo(catalogue::kBoardTrials, "", Labels({{"board", event.board}, {"outcome", one.word}}), event.time,
          one.outcome == event.outcome ? 1 : 0);
  }
  Of(catalogue::kBoardLastTrial, "")[Labels({{"board", event.board}})].emplace_back(event.time, Unix(event.time));
  const bool hung = event.outcome == v1::OUTCOME_HUNG;
  const std::string hanging = options_.detail.Tracks(event.implementation) ? event.implementation : kOther;
  if (options_.detail.level == metrics::Level::kFleet) {
    AddTo(catalogue::kFleetHangs, "", Labels({{"implementation", hanging}}), event.time, hung ? 1 : 0);
  } else {
    AddTo(catalogue::kBoardHangs, "", Labels({{"board", event.board}, {"implementation", hanging}}), event.time,
          hung ? 1 : 0);
  }
  if (hung) {
    Of(catalogue::kBoardLastHang, "")[Labels({{"board", event.board}})].emplace_back(event.time, Unix(event.time));
  }
}

void History::ReplayLatency(const Event& event) {
  if (!options_.detail.ShowsOfBoards(event.pair)) return;
  for (std::size_t i = 0; i < event.stats.size(); ++i) {
    // The last one is of level `full` alone.
    if (i + 1 == event.stats.size() && options_.detail.level != metrics::Level::kFull) break;
    Of(catalogue::kLastTrialLatency,
       "")[Labels({{"board", event.board},
                   {"implementation", event.implementation},
                   {"scenario", event.pair.scenario},
                   {"target_system", std::string(shared::TargetSystemName(event.pair.target_system))},
                   {"stat", kStats[i]}})]
        .emplace_back(event.time, event.stats[i]);
  }
}

void History::ReplayCalls(const Event& event) {
  if (!options_.detail.Tracks(event.pair)) return;
  std::vector<std::pair<std::string, std::string>> labels = {
      {"model", event.model},
      {"implementation", event.implementation},
      {"scenario", event.pair.scenario},
      {"target_system", std::string(shared::TargetSystemName(event.pair.target_system))}};
  const std::string plain = Labels(labels);
  labels.emplace_back("le", "");
  double all = 0;
  for (std::size_t i = 0; i < event.calls.counts.size(); ++i) {
    all += static_cast<double>(event.calls.counts[i]);
    const auto& bounds = shared::CallBuckets::kBoundsNanos;
    // As the controller writes it, so that old and new series are one.
    labels.back().second =
        i == bounds.size() ? "+Inf" : absl::StrFormat("%g", static_cast<double>(bounds[i]) / kNanosPerSecond);
    AddTo(catalogue::kCallLatency, "_bucket", Labels(labels), event.time, all);
  }
  AddTo(catalogue::kCallLatency, "_count", plain, event.time, all);
  AddTo(catalogue::kCallLatency, "_sum", plain, event.time, event.calls.sum_seconds);
}

void History::Replay() {
  series_.clear();
  std::stable_sort(events_.begin(), events_.end(), [](const Event& a, const Event& b) { return a.time < b.time; });
  for (const auto& [name, board] : boards_) {
    const v1::BoardDescription& description = board.description();
    std::string pool = "none";
    for (const std::string& label : board.labels()) {
      absl::string_view value = label;
      if (absl::ConsumePrefix(&value, "pool=") && !value.empty()) pool = std::string(value);
    }
    Of(catalogue::kBoardInfo, "")[Labels({{"board", IdOf(name)},
                                          {"model", description.model()},
                                          {"arch", description.architecture()},
                                          {"cpus", absl::StrCat(description.cpus_size())},
                                          {"kernel", description.kernel()},
                                          {"agent_version", description.agent_version()},
                                          {"pool", pool}})]
        .emplace_back(absl::InfinitePast(), 1);
  }
  for (const Event& event : events_) {
    ReplayTrial(event);
    if (event.stats.empty() || !options_.detail.Tracks(event.implementation)) continue;
    ReplayLatency(event);
    ReplayCalls(event);
  }
}

void History::Write(std::ostream& out, absl::Time from, absl::Time until) {
  Replay();
  for (const metrics::Metric* metric : metrics::Catalogue()) {
    const auto found = series_.find(metric);
    if (found == series_.end()) continue;
    const std::string name = FamilyName(*metric);
    out << "# HELP " << name << " " << metric->help << "\n# TYPE " << name << " " << metrics::KindName(metric->kind)
        << "\n";
    for (const auto& [suffix, series] : found->second) {
      for (const auto& [labels, changes] : series) {
        auto next = changes.begin();
        for (absl::Time time = from; time <= until; time += options_.step) {
          while (next != changes.end() && next->first <= time) ++next;
          if (next == changes.begin()) continue;
          out << metric->name << suffix << "{" << labels << "} " << Number(std::prev(next)->second) << " "
              << absl::StrFormat("%.3f", Unix(time)) << "\n";
        }
      }
    }
  }
  out << "# EOF\n";
}

}  // namespace crosscall::cli
