#include "controller/scheduler/explore_axis.h"

#include <algorithm>

namespace crosscall::scheduler {
namespace {

constexpr std::int64_t kDefaultSearchSeconds = 60;

}  // namespace

void ExploreAxis::AddBoard(const std::string& board, const std::vector<std::string>& implementations) {
  for (const std::string& implementation : implementations) {
    auto offer = std::find_if(offers_.begin(), offers_.end(),
                              [&](const Offer& known) { return known.implementation == implementation; });
    if (offer == offers_.end()) offer = offers_.insert(offers_.end(), {implementation, {}});
    offer->boards.push_back(board);
  }
}

std::uint64_t ExploreAxis::ParameterSets() const {
  return std::max<std::uint64_t>(static_cast<std::uint64_t>(spec_.parameter_sets_size()), 1);
}

std::uint64_t ExploreAxis::size() const {
  return static_cast<std::uint64_t>(spec_.scenarios_size()) * offers_.size() * ParameterSets();
}

ExploreAxis::Point ExploreAxis::At(std::uint64_t index) const {
  const std::uint64_t parameters = index % ParameterSets();
  const Offer& offer = offers_[index / ParameterSets() % offers_.size()];
  const v1::ScenarioRef& scenario = spec_.scenarios(static_cast<int>(index / ParameterSets() / offers_.size()));
  Point point;
  point.board = offer.boards[index % offer.boards.size()];
  point.spec.set_scenario(scenario.id());
  point.spec.set_scenario_text(scenario.text());
  point.spec.set_implementation(offer.implementation);
  point.spec.set_target_system(v1::TARGET_SYSTEM_EXPLORE);
  if (parameters < static_cast<std::uint64_t>(spec_.parameter_sets_size())) {
    *point.spec.mutable_parameters() = spec_.parameter_sets(static_cast<int>(parameters)).parameters();
  }
  if (spec_.has_trial_time()) {
    *point.spec.mutable_time_limit() = spec_.trial_time();
  } else {
    point.spec.mutable_time_limit()->set_seconds(kDefaultSearchSeconds);
  }
  *point.spec.mutable_explore() = spec_.explore();
  return point;
}

}  // namespace crosscall::scheduler
