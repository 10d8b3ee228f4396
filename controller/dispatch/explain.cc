#include "controller/dispatch/explain.h"

#include <cstdint>
#include <unordered_map>

#include "absl/strings/str_cat.h"
#include "controller/scheduler/ad_hoc_share.h"
#include "controller/scheduler/placement.h"
#include "controller/store/page.h"

namespace crosscall::dispatch {
namespace {

constexpr store::PageSizes kPages = {.standard = 100, .largest = 1000};

std::uint64_t MoreUrgent(const BoardState& board, v1::Sweep::Priority priority) {
  std::uint64_t count = 0;
  for (const auto& [number, trials] : board.pending) {
    if (trials.begin()->second->sweep->row.sweep.priority() < priority) count += trials.size();
  }
  return count;
}

using Places = std::unordered_map<const TrialState*, std::uint64_t>;

// How many trials go before each waiting one of the sweep.
Places PlacesOf(const World& world, const SweepState& sweep) {
  Places places;
  for (const auto& [name, board] : world.boards) {
    const auto waiting = board->pending.find(sweep.row.number);
    if (waiting == board->pending.end()) continue;
    std::uint64_t ahead = MoreUrgent(*board, sweep.row.sweep.priority());
    for (const auto& [rank, trial] : waiting->second) places[trial] = ahead++;
  }
  return places;
}

// That ad-hoc work goes behind nightly one on its board for now; empty if it does not.
std::string WhyBehind(const Settings& settings, const TrialState& trial, absl::Duration now, absl::Time wall) {
  if (trial.sweep->row.sweep.priority() != v1::Sweep::PRIORITY_AD_HOC) return "";
  const absl::Duration first_again = trial.board->ad_hoc.FirstAgainAt(settings.ad_hoc_share, now);
  return first_again > now ? scheduler::WhyAdHocWaits(wall + (first_again - now)) : "";
}

}  // namespace

absl::StatusOr<v1::ExplainSweepResponse> Explain(const World& world, const Settings& settings,
                                                 const v1::ExplainSweepRequest& request, absl::Duration now,
                                                 absl::Time wall) {
  absl::StatusOr<std::int64_t> size = store::PageSize(request.page_size(), kPages);
  if (!size.ok()) return size.status();
  absl::StatusOr<store::Position> after = store::PositionOf("waits", request.name(), request.page_token(), {-1, 0, 0});
  if (!after.ok()) return after.status();
  v1::ExplainSweepResponse response;
  const auto found = world.sweeps_by_name.find(request.name());
  if (found == world.sweeps_by_name.end()) return response;
  const SweepState& sweep = *found->second;
  const Places places = PlacesOf(world, sweep);
  std::int64_t last = 0;
  for (const TrialState& trial : sweep.trials) {
    const std::int64_t position = trial.row.trial.order();
    if (trial.row.trial.state() != v1::Trial::STATE_PENDING || position <= (*after)[0]) continue;
    if (response.waits_size() == *size) {
      response.set_next_page_token(store::PageToken("waits", request.name(), {last, 0, 0}));
      break;
    }
    last = position;
    v1::TrialWait& wait = *response.add_waits();
    wait.set_trial(trial.row.trial.name());
    wait.set_board(trial.board->row.name);
    wait.set_ahead_count(places.at(&trial));
    wait.set_reason(scheduler::WhyTrialWaits(trial.board->Standing(settings, now), trial.ParsedSpec(),
                                             sweep.VersionOn(*trial.board), wait.ahead_count()));
    const std::string behind = WhyBehind(settings, trial, now, wall);
    if (!behind.empty()) absl::StrAppend(wait.mutable_reason(), "; ", behind);
  }
  return response;
}

}  // namespace crosscall::dispatch
