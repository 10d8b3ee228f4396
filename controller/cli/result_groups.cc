#include "controller/cli/result_groups.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/cli/units.h"
#include "proto/shared/exploration_text.h"
#include "proto/shared/hang_text.h"
#include "proto/shared/histogram.h"
#include "proto/shared/histogram_proto.h"

namespace crosscall::cli {
namespace {

constexpr std::size_t kNoteBytes = 120;
constexpr std::size_t kMaxNotes = 4;

void AddNote(std::vector<std::string>& notes, const std::string& note) {
  if (note.empty() || notes.size() >= kMaxNotes) return;
  if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(note);
}

absl::Status MergeInto(const v1::Histogram& from, v1::Histogram& into) {
  absl::StatusOr<shared::Histogram> addend = shared::FromProto(from);
  if (!addend.ok()) return addend.status();
  if (into.layout() == 0) {
    into = from;
    return absl::OkStatus();
  }
  absl::StatusOr<shared::Histogram> sum = shared::FromProto(into);
  if (!sum.ok()) return sum.status();
  sum->Merge(*addend);
  into = shared::ToProto(*sum);
  return absl::OkStatus();
}

std::string Standing(const v1::Trial& trial) {
  if (trial.state() == v1::Trial::STATE_FINISHED) return EnumWords(v1::Outcome_Name(trial.outcome()), "OUTCOME_");
  return EnumWords(v1::Trial::State_Name(trial.state()), "STATE_");
}

std::string NoteOf(const v1::Result& result) {
  const v1::TrialResult& payload = result.payload();
  switch (payload.outcome()) {
    case v1::OUTCOME_COMPLETED:
      if (payload.has_exploration()) return Shorten(shared::ExplorationSummary(payload.exploration()), kNoteBytes);
      return payload.misuses().empty() ? "" : Shorten(absl::StrCat("misuse: ", payload.misuses(0)), kNoteBytes);
    case v1::OUTCOME_HUNG:
      return HangNote(payload.hang());
    default:
      return Shorten(absl::StrCat(EnumWords(v1::Outcome_Name(payload.outcome()), "OUTCOME_"), ": ", payload.reason()),
                     kNoteBytes);
  }
}

// A word alone if there is only one, else each with its count.
std::string CountsText(const std::map<std::string, std::uint64_t>& counts) {
  if (counts.size() == 1) return counts.begin()->first;
  return absl::StrJoin(
      counts, ", ", [](std::string* out, const auto& count) { absl::StrAppend(out, count.second, " ", count.first); });
}

}  // namespace

std::string HangNote(const v1::HangReport& report) {
  std::string note(shared::HangClassName(report.hang_class()));
  if (!report.cycle().empty()) {
    absl::StrAppend(&note, ", cycle ", absl::StrJoin(report.cycle(), " -> "), " -> ", report.cycle(0));
  }
  if (report.late()) note += ", late";
  return note;
}

std::string RemovalText(const v1::Removal& removal) {
  return absl::StrCat(removal.whole() ? "" : "histograms ", "removed by retention on ", FormatInstant(removal.time()));
}

std::string StandingText(const PointSummary& point) { return CountsText(point.standings); }

std::string VerdictText(const PointSummary& point) { return CountsText(point.verdicts); }

void ResultGroups::AddTrial(const v1::Trial& trial) {
  PointSummary& point = points_[report::PointOf(spec_, trial)];
  ++point.trials;
  ++point.standings[Standing(trial)];
  // What finished is told by its result.
  if (trial.state() != v1::Trial::STATE_FINISHED) AddNote(point.notes, Shorten(trial.state_reason(), kNoteBytes));
}

absl::Status ResultGroups::AddResult(const v1::Result& result) {
  const PointKey key = report::PointOf(spec_, result.trial());
  const auto found = points_.find(key);
  if (found == points_.end() || result.evidence() || !result.has_payload()) return absl::OkStatus();
  PointSummary& point = found->second;
  const v1::TrialResult& payload = result.payload();
  // An attempt that was repeated counts no calls; that it happened is still said.
  const bool decides = result.attempt().attempt() == result.trial().attempt_count();
  AddNote(point.notes, decides ? NoteOf(result) : absl::StrCat("repeated after ", NoteOf(result)));
  if (!decides) return absl::OkStatus();
  point.calls += payload.calls();
  point.refused_calls += payload.refused_calls();
  point.violations += payload.violations();
  point.has_ipis = point.has_ipis || payload.has_ipis();
  point.ipis_seen += payload.ipis().seen();
  point.ipis_expected += payload.ipis().expected();
  if (payload.has_exploration()) AddExploration(result, point);
  if (payload.outcome() == v1::OUTCOME_HUNG && point.first_hang.empty()) point.first_hang = result.name();
  AddCircumstances(payload);
  return payload.outcome() == v1::OUTCOME_COMPLETED ? AddCompleted(key, result, point) : absl::OkStatus();
}

absl::Status ResultGroups::AddCompleted(const PointKey& key, const v1::Result& result, PointSummary& point) {
  const auto damaged = [&](const absl::Status& status) {
    return absl::DataLossError(absl::StrCat("the stored result ", result.name(), " is damaged (", status.message(),
                                            "); its numbers cannot be shown"));
  };
  if (result.payload().has_latency()) {
    if (absl::Status status = MergeInto(result.payload().latency(), point.latency); !status.ok())
      return damaged(status);
  }
  if (result.has_removal()) {
    ++point.removed;
    point.removal = result.removal();
    point.removed_max_nanos = std::max<std::uint64_t>(point.removed_max_nanos, result.removal().max_nanos());
  }
  PairLatencies& pairs =
      pairs_[std::tuple(key.scenario_order, key.implementation_order, key.scenario, key.implementation)];
  for (const v1::PairLatency& pair : result.payload().pairs()) {
    v1::Histogram& sum = pairs[{report::BoardCpu(result, pair.source()), report::BoardCpu(result, pair.target())}];
    if (absl::Status status = MergeInto(pair.histogram(), sum); !status.ok()) return damaged(status);
  }
  return absl::OkStatus();
}

void ResultGroups::AddExploration(const v1::Result& result, PointSummary& point) {
  const v1::Exploration& exploration = result.payload().exploration();
  ++point.verdicts[std::string(shared::VerdictName(exploration.verdict()))];
  point.memories.emplace(shared::MemoryModelName(exploration.memory()));
  point.states += exploration.states();
  point.steps += exploration.steps();
  if (!exploration.trace().empty() && point.first_way.empty()) point.first_way = result.name();
}

void ResultGroups::AddCircumstances(const v1::TrialResult& payload) {
  const v1::Environment& environment = payload.environment();
  std::vector<std::string> parts;
  for (const std::string& part : {environment.cpu_model(), environment.kernel(), environment.hypervisor(),
                                  environment.scheduling(), environment.scheduling_note()}) {
    if (!part.empty()) parts.push_back(part);
  }
  if (!payload.overhead().clock().empty()) parts.push_back(absl::StrCat("clock ", payload.overhead().clock()));
  AddNote(circumstances_, absl::StrJoin(parts, "; "));
  const v1::Overhead& overhead = payload.overhead();
  overhead_.clock_read_nanos = std::max(overhead_.clock_read_nanos, overhead.clock_read_nanos());
  overhead_.empty_call_nanos = std::max(overhead_.empty_call_nanos, overhead.empty_call_nanos());
  overhead_.clock_skew_nanos = std::max(overhead_.clock_skew_nanos, overhead.clock_skew_nanos());
}

}  // namespace crosscall::cli
