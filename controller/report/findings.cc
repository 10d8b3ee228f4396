#include "controller/report/findings.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/cli/units.h"
#include "proto/shared/hang_text.h"

namespace crosscall::report {
namespace {

constexpr std::size_t kMostHangs = 50;
constexpr std::size_t kMostExplorations = 2000;
constexpr std::size_t kMostTroubles = 300;
constexpr std::size_t kReasonBytes = 400;

v1::Outcome OutcomeOf(const v1::Result& result) {
  return result.has_payload() ? result.payload().outcome() : result.attempt().outcome();
}

std::string ReasonOf(const v1::Result& result) {
  const v1::TrialResult& payload = result.payload();
  if (payload.has_hang() && !payload.hang().summary().empty()) return payload.hang().summary();
  if (!payload.reason().empty()) return payload.reason();
  if (!result.attempt().cause().empty()) return result.attempt().cause();
  return absl::StrCat("the lease ended: ", result.attempt().lease_state());
}

bool IsOpen(const v1::Result& result) {
  return OutcomeOf(result) == v1::OUTCOME_UNSPECIFIED && result.attempt().lease_state() == "active";
}

std::string OutcomeWord(const v1::Result& result) {
  const v1::Outcome outcome = OutcomeOf(result);
  return outcome == v1::OUTCOME_UNSPECIFIED ? "without a result"
                                            : cli::EnumWords(v1::Outcome_Name(outcome), "OUTCOME_");
}

}  // namespace

std::string AttemptWords(const v1::Result& result) {
  return absl::StrCat(OutcomeWord(result), ": ", cli::Shorten(ReasonOf(result), kReasonBytes));
}

void Findings::Add(const PointKey& key, const v1::Result& result, bool decides) {
  if (IsOpen(result)) return;
  switch (OutcomeOf(result)) {
    case v1::OUTCOME_COMPLETED:
      if (!decides || !result.payload().has_exploration()) return;
      if (explorations_.size() < kMostExplorations) {
        explorations_.push_back({key, result.name(), result.payload().exploration()});
      } else {
        ++explorations_left_out_;
      }
      return;
    case v1::OUTCOME_HUNG:
    case v1::OUTCOME_WEDGED:
      AddHang(key, result);
      return;
    default:
      AddTrouble(key, result, decides);
  }
}

void Findings::AddHang(const PointKey& key, const v1::Result& result) {
  const v1::HangReport& report = result.payload().hang();
  PointKey kind;
  kind.scenario_order = key.scenario_order;
  kind.implementation_order = key.implementation_order;
  kind.scenario = key.scenario;
  kind.implementation = key.implementation;
  const int hang_class = OutcomeOf(result) == v1::OUTCOME_WEDGED ? -1 : report.hang_class();
  const Fingerprint fingerprint(kind, hang_class, absl::StrJoin(report.cycle(), ","));
  auto found = hangs_.find(fingerprint);
  if (found == hangs_.end()) {
    if (hangs_.size() >= kMostHangs) {
      ++hangs_left_out_;
      return;
    }
    found = hangs_.try_emplace(fingerprint).first;
    found->second.key = key;
    found->second.first = result;
    // Only the post-mortem and the diagnosis are shown.
    v1::TrialResult& payload = *found->second.first.mutable_payload();
    payload.clear_latency();
    payload.clear_stages();
    payload.clear_pairs();
  }
  ++found->second.count;
  found->second.boards.insert(key.board);
}

void Findings::AddTrouble(const PointKey& key, const v1::Result& result, bool decides) {
  const std::string outcome = OutcomeWord(result);
  ++trouble_counts_[outcome];
  if (troubles_.size() >= kMostTroubles) return;
  troubles_.push_back({key, result.name(), outcome, cli::Shorten(ReasonOf(result), kReasonBytes), decides});
}

std::vector<std::string> Findings::LeftOut() const {
  std::vector<std::string> sentences;
  if (hangs_left_out_ != 0) {
    sentences.push_back(absl::StrCat("Of hangs, ", kMostHangs, " kinds are shown; ", hangs_left_out_,
                                     " more hung trials were of other kinds."));
  }
  if (explorations_left_out_ != 0) {
    sentences.push_back(
        absl::StrCat("Of explorations the first ", kMostExplorations, " are shown, ", explorations_left_out_, " not."));
  }
  std::uint64_t all = 0;
  for (const auto& [outcome, count] : trouble_counts_) all += count;
  if (all > troubles_.size()) {
    sentences.push_back(absl::StrCat("Of ", all, " attempts that do not count the first ", troubles_.size(),
                                     " are listed; all are counted."));
  }
  return sentences;
}

}  // namespace crosscall::report
