#include "controller/metrics/board_families.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/types/optional.h"
#include "proto/shared/exploration_text.h"
#include "proto/shared/proto_time.h"

namespace crosscall::metrics {
namespace {

constexpr char kOther[] = "other";
constexpr double kNanosPerSecond = 1e9;

using dispatch::BoardView;

struct OutcomeName {
  v1::Outcome outcome;
  const char* name;
};
// What is known of an attempt; a LOST one ended without a result and counts as missing from a sweep instead.
constexpr std::array<OutcomeName, kTrialOutcomes> kOutcomes = {{{v1::OUTCOME_COMPLETED, "completed"},
                                                                {v1::OUTCOME_HUNG, "hung"},
                                                                {v1::OUTCOME_CRASHED, "crashed"},
                                                                {v1::OUTCOME_WEDGED, "wedged"},
                                                                {v1::OUTCOME_REFUSED, "refused"},
                                                                {v1::OUTCOME_INVALID, "invalid"}}};

absl::string_view IdOf(const BoardView& view) { return absl::StripPrefix(view.board.name(), "boards/"); }

absl::Time LastSeen(const BoardView& view) { return shared::TimeOf(view.board.last_seen_time()); }

dispatch::Tally TallyOf(const BoardView& view, v1::Outcome outcome) {
  const auto found = view.outcomes.find(outcome);
  return found == view.outcomes.end() ? dispatch::Tally{} : found->second;
}

// The operator's label `pool=NAME`.
std::string PoolOf(const v1::Board& board) {
  for (const std::string& label : board.labels()) {
    absl::string_view pool = label;
    if (absl::ConsumePrefix(&pool, "pool=") && !pool.empty()) return std::string(pool);
  }
  return "none";
}

void WriteInfo(Exposition& out, const Boards& boards) {
  out.Write(catalogue::kBoardInfo, [&](Family& family) {
    for (const BoardView* view : boards) {
      const v1::BoardDescription& description = view->board.description();
      family.Add({IdOf(*view), description.model(), description.architecture(), absl::StrCat(description.cpus_size()),
                  description.kernel(), description.agent_version(), PoolOf(view->board)},
                 1);
    }
  });
}

// One value a board; `value` may leave a board out.
template <class Value>
void WriteEach(Exposition& out, const Metric& metric, const Boards& boards, const Value& value) {
  out.Write(metric, [&](Family& family) {
    for (const BoardView* view : boards) {
      if (const absl::optional<double> one = value(*view)) family.Add({IdOf(*view)}, *one);
    }
  });
}

absl::optional<double> LastTrial(const BoardView& view) {
  absl::optional<double> last;
  for (const auto& [outcome, tally] : view.outcomes) {
    if (tally.count != 0) last = std::max(last.value_or(0), Seconds(tally.last_time));
  }
  return last;
}

absl::optional<double> LastHang(const BoardView& view) {
  const dispatch::Tally hung = TallyOf(view, v1::OUTCOME_HUNG);
  return hung.count == 0 ? absl::optional<double>() : Seconds(hung.last_time);
}

absl::optional<double> LastWedge(const BoardView& view) {
  const v1::BoardRecord& record = view.board.record();
  return record.has_last_wedge_time() ? Seconds(shared::TimeOf(record.last_wedge_time())) : absl::optional<double>();
}

absl::optional<double> ClockOffset(const BoardView& view) {
  return view.clock_offset ? absl::ToDoubleSeconds(*view.clock_offset) : absl::optional<double>();
}

void WriteStates(Exposition& out, const Boards& boards, const CertificateEnds& certificates) {
  using absl::make_optional;
  WriteEach(out, catalogue::kBoardUp, boards,
            [](const BoardView& v) { return make_optional<double>(v.board.online()); });
  WriteEach(out, catalogue::kBoardQuarantined, boards, [](const BoardView& view) {
    return make_optional<double>(view.board.state() == v1::Board::STATE_QUARANTINED);
  });
  WriteEach(out, catalogue::kBoardLastSeen, boards,
            [](const BoardView& v) { return make_optional(Seconds(LastSeen(v))); });
  WriteEach(out, catalogue::kBoardLastTrial, boards, LastTrial);
  WriteEach(out, catalogue::kBoardLastHang, boards, LastHang);
  WriteEach(out, catalogue::kBoardLastWedge, boards, LastWedge);
  WriteEach(out, catalogue::kBoardClockOffset, boards, ClockOffset);
  WriteEach(out, catalogue::kBoardCertificate, boards, [&](const BoardView& view) {
    const auto found = certificates.find(std::string(IdOf(view)));
    return found == certificates.end() ? absl::optional<double>() : Seconds(found->second);
  });
}

void WriteTrials(Exposition& out, const Boards& boards) {
  out.Write(catalogue::kBoardTrials, [&](Family& family) {
    for (const BoardView* view : boards) {
      for (const OutcomeName& outcome : kOutcomes) {
        family.Add({IdOf(*view), outcome.name}, static_cast<double>(TallyOf(*view, outcome.outcome).count));
      }
    }
  });
}

using HangCounts = std::map<std::string, std::uint64_t>;

// Adds the hangs of a board; what it could hang with counts as 0.
void CountHangs(const BoardView& view, const Detail& detail, HangCounts& hangs) {
  hangs.emplace(kOther, 0);
  std::set<std::string> own = detail.implementations;
  if (own.empty()) {
    // All that the board offers: what only its past names may be many.
    const auto& offered = view.board.description().implementations();
    own.insert(offered.begin(), offered.end());
  }
  for (const std::string& implementation : own) hangs.emplace(implementation, 0);
  for (const auto& [implementation, tally] : view.hangs) {
    hangs[own.count(implementation) != 0 ? implementation : kOther] += tally.count;
  }
}

void WriteHangs(Exposition& out, const Boards& boards, const Detail& detail) {
  if (detail.level == Level::kFleet) return;
  out.Write(catalogue::kBoardHangs, [&](Family& family) {
    for (const BoardView* view : boards) {
      HangCounts hangs;
      CountHangs(*view, detail, hangs);
      for (const auto& [implementation, count] : hangs) {
        family.Add({IdOf(*view), implementation}, static_cast<double>(count));
      }
    }
  });
}

}  // namespace

void WriteLastLatencies(Exposition& out, const Boards& boards, const Detail& detail) {
  if (detail.level == Level::kFleet) return;
  const int stat_count = detail.level == Level::kFull ? kFullStats : kBoardStats;
  out.Write(catalogue::kLastTrialLatency, [&](Family& family) {
    for (const BoardView* view : boards) {
      for (const dispatch::LatestLatency& latest : view->latencies) {
        if (!detail.Tracks(latest.implementation)) continue;
        if (!detail.ShowsOfBoards({latest.scenario, latest.target_system})) continue;
        const std::pair<const char*, std::uint64_t> stats[] = {{"p50", latest.p50_nanos},
                                                               {"p99", latest.p99_nanos},
                                                               {"max", latest.max_nanos},
                                                               {"p999", latest.p999_nanos}};
        for (int stat = 0; stat < stat_count; ++stat) {
          family.Add({IdOf(*view), latest.implementation, latest.scenario,
                      shared::TargetSystemName(latest.target_system), stats[stat].first},
                     static_cast<double>(stats[stat].second) / kNanosPerSecond);
        }
      }
    }
  });
}

double Seconds(absl::Time time) { return absl::ToDoubleSeconds(time - absl::UnixEpoch()); }

Boards BoardsOf(const dispatch::Snapshot& snapshot, const Detail& detail, absl::Time now) {
  Boards boards;
  for (const std::shared_ptr<const BoardView>& view : snapshot.boards) {
    if (view->board.state() == v1::Board::STATE_RETIRED) continue;
    if (now - LastSeen(*view) <= detail.board_ttl) boards.push_back(view.get());
  }
  return boards;
}

void WriteBoards(Exposition& out, const Boards& boards, const CertificateEnds& certificates, const Detail& detail) {
  WriteInfo(out, boards);
  WriteStates(out, boards, certificates);
  WriteTrials(out, boards);
  WriteEach(out, catalogue::kBoardWedges, boards, [](const BoardView& view) {
    return absl::make_optional(static_cast<double>(view.board.record().wedge_count()));
  });
  WriteHangs(out, boards, detail);
}

void WriteFleetHangs(Exposition& out, const dispatch::Snapshot& snapshot, const Detail& detail) {
  if (detail.level != Level::kFleet) return;
  HangCounts hangs;
  for (const std::shared_ptr<const BoardView>& view : snapshot.boards) CountHangs(*view, detail, hangs);
  out.Write(catalogue::kFleetHangs, [&](Family& family) {
    for (const auto& [implementation, count] : hangs) family.Add({implementation}, static_cast<double>(count));
  });
}

void WriteCallLatencies(Exposition& out, const dispatch::Snapshot& snapshot, const Detail& detail) {
  out.Write(catalogue::kCallLatency, [&](Family& family) {
    for (const std::shared_ptr<const dispatch::CallLatencies>& one : snapshot.call_latencies) {
      if (!detail.Tracks(Pair{one->scenario, one->target_system})) continue;
      for (const auto& [implementation, calls] : one->by_implementation) {
        if (!detail.Tracks(implementation)) continue;
        prometheus::ClientMetric::Histogram histogram;
        for (std::size_t i = 0; i < calls.counts.size(); ++i) {
          histogram.sample_count += calls.counts[i];
          const bool last = i == shared::CallBuckets::kBoundsNanos.size();
          histogram.bucket.push_back(
              {histogram.sample_count,
               last ? std::numeric_limits<double>::infinity()
                    : static_cast<double>(shared::CallBuckets::kBoundsNanos[i]) / kNanosPerSecond});
        }
        histogram.sample_sum = calls.sum_seconds;
        family.Add({one->model, implementation, one->scenario, shared::TargetSystemName(one->target_system)},
                   std::move(histogram));
      }
    }
  });
}

}  // namespace crosscall::metrics
