#include "controller/scheduler/expand.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "controller/scheduler/cpu_axis.h"
#include "controller/scheduler/explore_axis.h"
#include "controller/scheduler/random.h"
#include "controller/scheduler/target_systems.h"
#include "proto/shared/implementation_id.h"
#include "proto/shared/proto_time.h"
#include "proto/shared/sanitize.h"
#include "proto/shared/validate.h"

namespace crosscall::scheduler {
namespace {

constexpr std::uint64_t kDefaultCallLimit = 10'000;
constexpr std::int64_t kDefaultDeadlineSeconds = 1;

// The axes of measuring on one board, defaults filled in.
struct Axes {
  BoardOffer board;
  std::vector<v1::ScenarioRef> scenarios;
  std::vector<std::string> implementations;
  // For each scenario, the CPU lists it runs on.
  std::vector<CpuAxis> cpus;
  std::vector<v1::TargetState> target_states;
  std::vector<v1::ParameterSet> parameter_sets;
  std::vector<double> arrival_rates_hz;
  std::uint64_t repetitions = 1;
};

absl::StatusOr<v1::ScenarioRef> Resolve(const v1::ScenarioRef& wanted, const BoardOffer& board) {
  if (!wanted.text().empty()) return wanted;
  for (const v1::ScenarioInfo& info : board.description->scenarios()) {
    if (info.id() != wanted.id()) continue;
    v1::ScenarioRef out = wanted;
    out.set_cpu_count(info.cpu_count());
    return out;
  }
  std::vector<std::string> ids;
  for (const v1::ScenarioInfo& info : board.description->scenarios()) ids.push_back(info.id());
  return absl::NotFoundError(absl::StrCat("no scenario \"", shared::CleanText(wanted.id(), 80), "\" on ", board.name,
                                          "; it offers: ", absl::StrJoin(ids, ", ")));
}

absl::Status WithBoard(const absl::Status& status, absl::string_view board) {
  return absl::Status(status.code(), absl::StrCat(board, ": ", status.message()));
}

std::vector<v1::TargetState> TargetStates(const v1::SweepSpec& spec) {
  std::vector<v1::TargetState> out;
  for (const int state : spec.target_states()) {
    out.push_back(state == v1::TARGET_STATE_UNSPECIFIED ? v1::TARGET_STATE_SPIN : static_cast<v1::TargetState>(state));
  }
  if (out.empty()) out.push_back(v1::TARGET_STATE_SPIN);
  return out;
}

absl::StatusOr<Axes> AxesOf(const v1::SweepSpec& spec, const BoardOffer& board) {
  Axes axes;
  axes.board = board;
  if (absl::Status status = CheckOffered(spec, board); !status.ok()) return status;
  if (spec.fresh_boot() && !board.switchable) {
    return absl::FailedPreconditionError(
        absl::StrCat("fresh_boot: nothing switches ", board.name, "; `crosscallctl boards set-power` says what does"));
  }
  const auto& offered = board.description->implementations();
  absl::StatusOr<std::vector<std::string>> implementations = shared::ExpandImplementations(
      {spec.implementations().begin(), spec.implementations().end()}, {offered.begin(), offered.end()});
  if (!implementations.ok()) return WithBoard(implementations.status(), board.name);
  axes.implementations = *std::move(implementations);
  for (const v1::ScenarioRef& wanted : spec.scenarios()) {
    absl::StatusOr<v1::ScenarioRef> scenario = Resolve(wanted, board);
    if (!scenario.ok()) return scenario.status();
    axes.scenarios.push_back(*std::move(scenario));
    if (!Wants(spec, v1::TARGET_SYSTEM_SIGNAL)) continue;
    absl::StatusOr<CpuAxis> cpus = CpuAxisOf(spec, axes.scenarios.back(), board);
    if (!cpus.ok()) return cpus.status();
    axes.cpus.push_back(*std::move(cpus));
  }
  axes.target_states = TargetStates(spec);
  axes.parameter_sets.assign(spec.parameter_sets().begin(), spec.parameter_sets().end());
  if (axes.parameter_sets.empty()) axes.parameter_sets.emplace_back();
  axes.arrival_rates_hz.assign(spec.arrival_rates_hz().begin(), spec.arrival_rates_hz().end());
  if (axes.arrival_rates_hz.empty()) axes.arrival_rates_hz.push_back(0);
  axes.repetitions = std::max<std::uint32_t>(spec.repetitions(), 1);
  return axes;
}

// Each axis is bounded by validation or by the board's 1,024 CPUs, so 128 bits hold any product.
unsigned __int128 Product(const Axes& axes) {
  unsigned __int128 points = 0;
  for (const CpuAxis& lists : axes.cpus) points += lists.size();
  return points * axes.implementations.size() * axes.target_states.size() * axes.parameter_sets.size() *
         axes.arrival_rates_hz.size() * axes.repetitions;
}

std::string Factors(const Axes& axes) {
  std::size_t lists = 0;
  for (const CpuAxis& of_scenario : axes.cpus) lists += of_scenario.size();
  return absl::StrCat(axes.board.name, ": ", axes.scenarios.size(), " scenarios (on ", lists, " CPU lists in all) x ",
                      axes.implementations.size(), " implementations x ", axes.target_states.size(),
                      " target states x ", axes.parameter_sets.size(), " parameter sets x ",
                      axes.arrival_rates_hz.size(), " arrival rates x ", axes.repetitions, " repetitions");
}

absl::Status CheckTotal(const std::vector<Axes>& boards, const ExploreAxis& explorations, std::uint64_t& total) {
  unsigned __int128 sum = explorations.size();
  for (const Axes& axes : boards) sum += Product(axes);
  if (sum <= shared::kMaxTrialsPerSweep) {
    total = static_cast<std::uint64_t>(sum);
    return absl::OkStatus();
  }
  std::vector<std::string> factors;
  for (const Axes& axes : boards) {
    if (factors.size() == 4) break;
    if (!axes.cpus.empty()) factors.push_back(Factors(axes));
  }
  if (explorations.size() > 0) {
    factors.push_back(absl::StrCat("explorations: ", explorations.size(), ", of ", explorations.implementation_count(),
                                   " implementations"));
  }
  const std::string count = sum > ~std::uint64_t{0} ? "more than 2^64" : absl::StrCat(static_cast<std::uint64_t>(sum));
  return absl::InvalidArgumentError(absl::StrCat("the sweep expands to ", count, " trials, allowed are ",
                                                 shared::kMaxTrialsPerSweep, "; take less of an axis (",
                                                 absl::StrJoin(factors, "; "), boards.size() > 4 ? "; ..." : "", ")"));
}

v1::TrialSpec BaseSpec(const v1::SweepSpec& spec) {
  v1::TrialSpec out;
  out.set_target_system(v1::TARGET_SYSTEM_SIGNAL);
  out.set_oversubscribe(spec.oversubscribe());
  out.set_strict(spec.strict());
  out.set_no_realtime(spec.no_realtime());
  out.set_fresh_boot(spec.fresh_boot());
  out.set_call_limit(spec.call_limit());
  if (spec.has_trial_time()) *out.mutable_time_limit() = spec.trial_time();
  if (spec.call_limit() == 0 && !spec.has_trial_time()) out.set_call_limit(kDefaultCallLimit);
  if (spec.has_trial_deadline()) {
    *out.mutable_deadline() = spec.trial_deadline();
  } else {
    out.mutable_deadline()->set_seconds(kDefaultDeadlineSeconds);
  }
  return out;
}

// Makes the trials of one board, in the order of the nested axes.
class Expander {
 public:
  Expander(const v1::SweepSpec& spec, std::vector<PlannedTrial>& out)
      : base_(BaseSpec(spec)), seed_(spec.seed()), out_(out) {}

  // Nothing if there is nothing to measure: there are no CPU lists then.
  void Add(const Axes& axes) {
    for (std::size_t s = 0; s < axes.cpus.size(); ++s) {
      v1::TrialSpec of_scenario = base_;
      of_scenario.set_scenario(axes.scenarios[s].id());
      of_scenario.set_scenario_text(axes.scenarios[s].text());
      for (const std::string& implementation : axes.implementations) {
        of_scenario.set_implementation(implementation);
        for (std::size_t c = 0; c < axes.cpus[s].size(); ++c) {
          const CpuChoice cpus = axes.cpus[s].At(c);
          v1::TrialSpec on_cpus = of_scenario;
          on_cpus.mutable_cpus()->Add(cpus.begin(), cpus.end());
          grain_ = axes.cpus[s].GrainAt(c);
          AddStates(axes, on_cpus);
        }
      }
    }
  }

  void Add(const ExploreAxis& explorations) {
    grain_ = 0;
    for (std::uint64_t i = 0; i < explorations.size(); ++i) {
      ExploreAxis::Point point = explorations.At(i);
      Push(point.board, std::move(point.spec), 0);
    }
  }

 private:
  void AddStates(const Axes& axes, const v1::TrialSpec& on_cpus) {
    for (const v1::TargetState state : axes.target_states) {
      for (const v1::ParameterSet& parameters : axes.parameter_sets) {
        for (const double rate : axes.arrival_rates_hz) {
          v1::TrialSpec point = on_cpus;
          point.set_target_state(state);
          *point.mutable_parameters() = parameters.parameters();
          point.set_arrival_rate_hz(rate);
          AddRepetitions(axes, point);
        }
      }
    }
  }

  void AddRepetitions(const Axes& axes, const v1::TrialSpec& point) {
    for (std::uint32_t repetition = 0; repetition < axes.repetitions; ++repetition) {
      Push(axes.board.name, point, repetition);
    }
  }

  void Push(const std::string& board, v1::TrialSpec point, std::uint32_t repetition) {
    PlannedTrial trial;
    trial.id = absl::StrFormat("t%06d", out_.size());
    trial.board = board;
    trial.spec = std::move(point);
    // Of the number alone: a trial's seed does not depend on the order in which trials run.
    trial.spec.set_seed(Random(seed_ + out_.size()).Next());
    trial.repetition = repetition;
    trial.grain = grain_;
    out_.push_back(std::move(trial));
  }

  const v1::TrialSpec base_;
  const std::uint64_t seed_;
  std::uint32_t grain_ = 0;
  std::vector<PlannedTrial>& out_;
};

absl::StatusOr<Plan> MakePlan(const v1::SweepSpec& spec, const std::vector<BoardOffer>& boards, bool expand) {
  if (absl::Status status = shared::Validate(spec); !status.ok()) return status;
  absl::StatusOr<std::vector<BoardOffer>> chosen = SelectBoards(spec.selector(), spec.seed(), boards);
  if (!chosen.ok()) return chosen.status();
  std::vector<Axes> all;
  ExploreAxis explorations(spec);
  for (const BoardOffer& board : *chosen) {
    absl::StatusOr<Axes> axes = AxesOf(spec, board);
    if (!axes.ok()) return axes.status();
    if (Wants(spec, v1::TARGET_SYSTEM_EXPLORE)) explorations.AddBoard(board.name, axes->implementations);
    all.push_back(*std::move(axes));
  }
  Plan plan;
  if (absl::Status status = CheckTotal(all, explorations, plan.trial_count); !status.ok()) return status;
  if (!expand) return plan;
  plan.trials.reserve(plan.trial_count);
  Expander expander(spec, plan.trials);
  for (const Axes& axes : all) expander.Add(axes);
  expander.Add(explorations);
  Random random(spec.seed());
  Shuffle(plan.trials, random);
  if (spec.has_time_budget()) {
    std::stable_sort(plan.trials.begin(), plan.trials.end(), [](const PlannedTrial& a, const PlannedTrial& b) {
      return std::tie(a.repetition, a.grain) < std::tie(b.repetition, b.grain);
    });
  }
  return plan;
}

}  // namespace

absl::StatusOr<Plan> Expand(const v1::SweepSpec& spec, const std::vector<BoardOffer>& boards) {
  return MakePlan(spec, boards, true);
}

absl::StatusOr<Plan> Count(const v1::SweepSpec& spec, const std::vector<BoardOffer>& boards) {
  return MakePlan(spec, boards, false);
}

}  // namespace crosscall::scheduler
