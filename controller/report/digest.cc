#include "controller/report/digest.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "controller/cli/units.h"

namespace crosscall::report {
namespace {

constexpr std::size_t kMaxNotes = 3;
constexpr std::size_t kNoteBytes = 160;

void AddNote(PointDigest& point, const std::string& note) {
  if (note.empty() || point.notes.size() >= kMaxNotes) return;
  const std::string text = cli::Shorten(note, kNoteBytes);
  if (std::find(point.notes.begin(), point.notes.end(), text) == point.notes.end()) point.notes.push_back(text);
}

void Widen(Spread& spread, std::uint64_t value, bool first) {
  spread.low = first ? value : std::min(spread.low, value);
  spread.high = std::max(spread.high, value);
}

absl::Status Add(const v1::Histogram& proto, Distribution& into) {
  absl::StatusOr<Distribution> distribution = Distribution::Of(proto);
  if (!distribution.ok()) return distribution.status();
  into.Merge(*distribution);
  return absl::OkStatus();
}

void AddInterrupts(const v1::TrialResult& payload, InterruptTotals& totals) {
  if (!payload.has_ipis()) return;
  const v1::IpiAccounting& ipis = payload.ipis();
  totals.known = true;
  totals.seen += ipis.seen();
  totals.expected += ipis.expected();
  totals.kicks_sent += ipis.kicks_sent();
  totals.kicks_skipped += ipis.kicks_skipped();
  totals.spurious += ipis.spurious();
  totals.merged += ipis.merged();
}

std::string RemovalNote(const v1::Removal& removal) {
  return absl::StrCat(removal.whole() ? "" : "histograms ", "removed by retention on ",
                      cli::FormatInstant(removal.time()));
}

}  // namespace

void Digest::AddTrial(const v1::Trial& trial) {
  const PointKey key = PointOf(sweep_.spec(), trial);
  PointDigest& point = points_[key];
  point.standing.Count(trial);
  // What finished is told by its result.
  if (trial.state() != v1::Trial::STATE_FINISHED) AddNote(point, trial.state_reason());
  boards_.AddTrial(key.board, trial);
}

absl::Status Digest::AddResult(const v1::Result& result) {
  const PointKey key = PointOf(sweep_.spec(), result.trial());
  const auto found = points_.find(key);
  if (found == points_.end() || result.evidence()) return absl::OkStatus();
  PointDigest& point = found->second;
  const bool decides = result.attempt().attempt() == result.trial().attempt_count();
  findings_.Add(key, result, decides);
  if (!result.has_payload()) return absl::OkStatus();
  const v1::TrialResult& payload = result.payload();
  if (!decides) {
    AddNote(point, absl::StrCat("repeated after ", AttemptWords(result)));
    return absl::OkStatus();
  }
  if (payload.outcome() != v1::OUTCOME_COMPLETED) AddNote(point, AttemptWords(result));
  if (!payload.misuses().empty()) AddNote(point, absl::StrCat("misuse: ", payload.misuses(0)));
  point.calls += payload.calls();
  point.refused_calls += payload.refused_calls();
  point.violations += payload.violations();
  AddInterrupts(payload, point.interrupts);
  circumstances_.Add(key.board, payload);
  if (payload.outcome() != v1::OUTCOME_COMPLETED) return absl::OkStatus();
  absl::Status status = AddCompleted(key, payload, result, point);
  if (status.ok()) return status;
  return absl::DataLossError(absl::StrCat("the stored result ", result.name(), " is damaged (", status.message(),
                                          "); its numbers cannot be shown"));
}

absl::Status Digest::AddCompleted(const PointKey& key, const v1::TrialResult& payload, const v1::Result& result,
                                  PointDigest& point) {
  point.cpu_count = std::max(point.cpu_count, static_cast<std::uint32_t>(payload.environment().board_cpus_size()));
  if (result.has_removal()) {
    ++point.removed;
    point.removal = result.removal();
    AddNote(point, RemovalNote(result.removal()));
  }
  if (!payload.has_latency()) return absl::OkStatus();
  absl::StatusOr<Distribution> latency = Distribution::Of(payload.latency());
  if (!latency.ok()) return latency.status();
  if (latency->count() == 0) return absl::OkStatus();
  const bool first = point.repetitions++ == 0;
  Widen(point.p50, latency->Quantile(0.5), first);
  Widen(point.p99, latency->Quantile(0.99), first);
  point.latency.Merge(*latency);
  PointKey pooled = key;
  pooled.cpus.clear();
  SeriesDigest& series = series_[pooled];
  series.latency.Merge(*latency);
  return AddParts(result, series);
}

absl::Status Digest::AddParts(const v1::Result& result, SeriesDigest& series) {
  for (const v1::StageInterval& stage : result.payload().stages()) {
    absl::Status status = Add(stage.histogram(), series.stages[{stage.from(), stage.to()}]);
    if (!status.ok()) return status;
  }
  for (const v1::RouteCount& route : result.payload().routes()) series.routes[route.route()] += route.count();
  for (const v1::PairLatency& pair : result.payload().pairs()) {
    Distribution& sum = series.pairs[{BoardCpu(result, pair.source()), BoardCpu(result, pair.target())}];
    if (absl::Status status = Add(pair.histogram(), sum); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace crosscall::report
