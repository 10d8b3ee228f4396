#include "controller/metrics/board_families.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/types/optional.h"
#include "controller/metrics/family.h"
#include "proto/shared/exploration_text.h"

namespace crosscall::metrics {
namespace {

constexpr char kOther[] = "other";
constexpr double kNanosPerSecond = 1e9;

using BoardPtr = std::shared_ptr<const dispatch::BoardView>;
using Boards = std::vector<const dispatch::BoardView*>;

struct OutcomeName {
  v1::Outcome outcome;
  const char* name;
};
// What is known of an attempt; a LOST one ended without a result and counts as missing from a sweep instead.
constexpr OutcomeName kOutcomes[] = {{v1::OUTCOME_COMPLETED, "completed"}, {v1::OUTCOME_HUNG, "hung"},
                                     {v1::OUTCOME_CRASHED, "crashed"},     {v1::OUTCOME_WEDGED, "wedged"},
                                     {v1::OUTCOME_REFUSED, "refused"},     {v1::OUTCOME_INVALID, "invalid"}};

std::string LabelOf(const dispatch::BoardView& view) {
  return std::string{absl::StripPrefix(view.board.name(), "boards/")};
}

double Seconds(absl::Time time) { return absl::ToDoubleSeconds(time - absl::UnixEpoch()); }

absl::Time LastSeen(const dispatch::BoardView& view) {
  const google::protobuf::Timestamp& seen = view.board.last_seen_time();
  return absl::FromUnixSeconds(seen.seconds()) + absl::Nanoseconds(seen.nanos());
}

dispatch::Tally TallyOf(const dispatch::BoardView& view, v1::Outcome outcome) {
  const auto found = view.outcomes.find(outcome);
  return found == view.outcomes.end() ? dispatch::Tally{} : found->second;
}

// An empty label value is no label, and Prometheus wants the same labels on every series of a family.
std::string OrUnknown(const std::string& text) { return text.empty() ? "unknown" : text; }

// The operator's label `pool=NAME`.
std::string PoolOf(const v1::Board& board) {
  for (const std::string& label : board.labels()) {
    absl::string_view pool = label;
    if (absl::ConsumePrefix(&pool, "pool=") && !pool.empty()) return std::string(pool);
  }
  return "none";
}

bool IsTracked(const dispatch::BoardView& view, const BoardDetail& detail, const std::string& implementation) {
  if (!detail.tracked_implementations.empty()) return detail.tracked_implementations.count(implementation) != 0;
  const auto& offered = view.board.description().implementations();
  return std::find(offered.begin(), offered.end(), implementation) != offered.end();
}

prometheus::MetricFamily Info(const Boards& boards) {
  Family family = Family::Gauge("crosscall_board_info", "Inventory: what each board is, always 1.");
  for (const dispatch::BoardView* view : boards) {
    const v1::BoardDescription& description = view->board.description();
    family.Add({{"board", LabelOf(*view)},
                {"model", OrUnknown(description.model())},
                {"arch", OrUnknown(description.architecture())},
                {"cpus", absl::StrCat(description.cpus_size())},
                {"kernel", OrUnknown(description.kernel())},
                {"agent_version", OrUnknown(description.agent_version())},
                {"pool", PoolOf(view->board)}},
               1);
  }
  return std::move(family).Take();
}

// One gauge a board; `value` may leave a board out.
template <class Value>
prometheus::MetricFamily Each(const Boards& boards, const char* name, const char* help, const Value& value) {
  Family family = Family::Gauge(name, help);
  for (const dispatch::BoardView* view : boards) {
    if (const absl::optional<double> one = value(*view)) family.Add({{"board", LabelOf(*view)}}, *one);
  }
  return std::move(family).Take();
}

absl::optional<double> LastTrial(const dispatch::BoardView& view) {
  absl::optional<double> last;
  for (const auto& [outcome, tally] : view.outcomes) {
    if (tally.count != 0) last = std::max(last.value_or(0), Seconds(tally.last_time));
  }
  return last;
}

absl::optional<double> LastHang(const dispatch::BoardView& view) {
  const dispatch::Tally hung = TallyOf(view, v1::OUTCOME_HUNG);
  return hung.count == 0 ? absl::optional<double>() : Seconds(hung.last_time);
}

prometheus::MetricFamily Trials(const Boards& boards) {
  Family family = Family::Counter("crosscall_board_trials_total", "Trials that ended with a result, by outcome.");
  for (const dispatch::BoardView* view : boards) {
    for (const OutcomeName& outcome : kOutcomes) {
      family.Add({{"board", LabelOf(*view)}, {"outcome", outcome.name}},
                 static_cast<double>(TallyOf(*view, outcome.outcome).count));
    }
  }
  return std::move(family).Take();
}

prometheus::MetricFamily Hangs(const Boards& boards, const BoardDetail& detail) {
  Family family = Family::Counter("crosscall_board_hangs_total",
                                  "Hangs by implementation; those that are not tracked count as other.");
  for (const dispatch::BoardView* view : boards) {
    std::map<std::string, std::uint64_t> hangs = {{kOther, 0}};
    for (const std::string& implementation : view->board.description().implementations()) {
      if (IsTracked(*view, detail, implementation)) hangs[implementation] = 0;
    }
    for (const auto& [implementation, tally] : view->hangs) {
      hangs[IsTracked(*view, detail, implementation) ? implementation : kOther] += tally.count;
    }
    for (const auto& [implementation, count] : hangs) {
      family.Add({{"board", LabelOf(*view)}, {"implementation", implementation}}, static_cast<double>(count));
    }
  }
  return std::move(family).Take();
}

prometheus::MetricFamily Latencies(const Boards& boards, const BoardDetail& detail) {
  Family family = Family::Gauge("crosscall_last_trial_latency_seconds",
                                "Whole call, entry to return, in the last completed trial of each point.");
  for (const dispatch::BoardView* view : boards) {
    for (const dispatch::LatestLatency& latest : view->latencies) {
      if (!IsTracked(*view, detail, latest.implementation)) continue;
      const std::pair<const char*, std::uint64_t> stats[] = {
          {"p50", latest.p50_nanos}, {"p99", latest.p99_nanos}, {"p999", latest.p999_nanos}, {"max", latest.max_nanos}};
      for (const auto& [stat, nanos] : stats) {
        family.Add({{"board", LabelOf(*view)},
                    {"implementation", latest.implementation},
                    {"scenario", latest.scenario},
                    {"target_system", std::string(shared::TargetSystemName(latest.target_system))},
                    {"stat", stat}},
                   static_cast<double>(nanos) / kNanosPerSecond);
      }
    }
  }
  return std::move(family).Take();
}

}  // namespace

std::vector<prometheus::MetricFamily> BoardFamilies(const dispatch::Snapshot& snapshot, const BoardDetail& detail,
                                                    absl::Time now) {
  Boards boards;
  for (const BoardPtr& view : snapshot.boards) {
    if (view->board.state() == v1::Board::STATE_RETIRED) continue;
    if (now - LastSeen(*view) <= detail.board_ttl) boards.push_back(view.get());
  }
  std::vector<prometheus::MetricFamily> families;
  families.push_back(Info(boards));
  families.push_back(Each(boards, "crosscall_board_up", "1 if its agent synchronises in time.",
                          [](const dispatch::BoardView& view) { return absl::optional<double>(view.board.online()); }));
  families.push_back(Each(boards, "crosscall_board_quarantined", "1 if it is taken out of sweeps.",
                          [](const dispatch::BoardView& view) {
                            return absl::optional<double>(view.board.state() == v1::Board::STATE_QUARANTINED);
                          }));
  families.push_back(
      Each(boards, "crosscall_board_last_seen_timestamp_seconds", "Last message of its agent.",
           [](const dispatch::BoardView& view) { return absl::make_optional(Seconds(LastSeen(view))); }));
  families.push_back(Each(boards, "crosscall_board_last_trial_timestamp_seconds",
                          "When its last trial ended, with any outcome; absent if there was none.", LastTrial));
  families.push_back(Each(boards, "crosscall_board_last_hang_timestamp_seconds",
                          "When its last trial hung; absent if none did.", LastHang));
  families.push_back(Trials(boards));
  families.push_back(Hangs(boards, detail));
  families.push_back(Latencies(boards, detail));
  return families;
}

}  // namespace crosscall::metrics
