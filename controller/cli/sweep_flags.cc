#include "controller/cli/sweep_flags.h"

#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "controller/cli/axis_values.h"
#include "proto/shared/validate.h"

namespace crosscall::cli {
namespace {

absl::Status Flag(absl::string_view flag, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat(flag, ": ", status.message()));
}

// Parses each text and hands the value to `add`.
template <class Parse, class Add>
absl::Status Each(absl::string_view flag, const std::vector<std::string>& texts, Parse parse, Add add) {
  for (const std::string& text : texts) {
    auto value = parse(text);
    if (!value.ok()) return Flag(flag, value.status());
    add(*std::move(value));
  }
  return absl::OkStatus();
}

// The same for a flag that may be given once.
template <class Parse, class Set>
absl::Status Once(absl::string_view flag, const std::optional<std::string>& text, Parse parse, Set set) {
  if (!text.has_value()) return absl::OkStatus();
  return Each(flag, {*text}, parse, set);
}

absl::StatusOr<v1::ScenarioRef> ScenarioOf(const std::string& text, const FileReader& read_file) {
  v1::ScenarioRef scenario;
  scenario.set_id(text);
  if (!absl::StrContains(text, '/') && !absl::EndsWith(text, ".yaml") && !absl::EndsWith(text, ".yml")) return scenario;
  absl::StatusOr<std::string> content = read_file(text);
  if (!content.ok()) return content.status();
  return ScenarioFromText(*content, text);
}

// "n=10,100": each of the values.
absl::StatusOr<ParameterAxis::value_type> ParameterOf(absl::string_view text) {
  const std::size_t cut = text.find('=');
  if (cut == absl::string_view::npos || cut == 0) return WrongValue(text, "name=value, or name=value,value,...");
  ParameterAxis::value_type parameter{std::string(text.substr(0, cut)), {}};
  for (const absl::string_view value : absl::StrSplit(text.substr(cut + 1), ',')) {
    absl::StatusOr<std::int64_t> number = ParseParameterValue(value);
    if (!number.ok()) return number.status();
    parameter.second.push_back(*number);
  }
  return parameter;
}

absl::Status ApplyCpus(const std::vector<std::string>& texts, v1::SweepSpec& spec) {
  if (texts.empty()) return absl::OkStatus();
  spec.clear_cpu_lists();
  spec.set_all_cpu_pairs(texts.size() == 1 && texts[0] == "pairs");
  if (spec.all_cpu_pairs()) return absl::OkStatus();
  return Each("--cpus", texts, ParseCpuList, [&](v1::CpuList list) { *spec.add_cpu_lists() = std::move(list); });
}

absl::Status ApplyParameters(const std::vector<std::string>& texts, v1::SweepSpec& spec) {
  if (texts.empty()) return absl::OkStatus();
  ParameterAxis axis;
  absl::Status status = Each("--param", texts, ParameterOf,
                             [&](ParameterAxis::value_type parameter) { axis.push_back(std::move(parameter)); });
  if (!status.ok()) return status;
  spec.clear_parameter_sets();
  return Flag("--param", AppendCombinations(axis, spec));
}

absl::Status ApplyAxes(const SweepFlags& flags, const FileReader& read_file, v1::SweepSpec& spec) {
  if (!flags.scenarios.empty()) spec.clear_scenarios();
  if (absl::Status status = Each(
          "--scenario", flags.scenarios, [&](const std::string& text) { return ScenarioOf(text, read_file); },
          [&](v1::ScenarioRef scenario) { *spec.add_scenarios() = std::move(scenario); });
      !status.ok()) {
    return status;
  }
  if (!flags.implementations.empty()) {
    spec.mutable_implementations()->Assign(flags.implementations.begin(), flags.implementations.end());
  }
  if (absl::Status status = ApplyCpus(flags.cpus, spec); !status.ok()) return status;
  if (!flags.target_systems.empty()) spec.clear_target_systems();
  if (absl::Status status = Each("--target-system", flags.target_systems, ParseTargetSystem,
                                 [&](v1::TargetSystem system) { spec.add_target_systems(system); });
      !status.ok()) {
    return status;
  }
  if (!flags.target_states.empty()) spec.clear_target_states();
  if (absl::Status status = Each("--target-state", flags.target_states, ParseTargetState,
                                 [&](v1::TargetState state) { spec.add_target_states(state); });
      !status.ok()) {
    return status;
  }
  if (!flags.arrival_rates.empty()) spec.clear_arrival_rates_hz();
  if (absl::Status status = Each("--arrival-rate", flags.arrival_rates, ParseArrivalRate,
                                 [&](double rate) { spec.add_arrival_rates_hz(rate); });
      !status.ok()) {
    return status;
  }
  return ApplyParameters(flags.parameters, spec);
}

absl::Status ApplySelector(const SweepFlags& flags, v1::SweepSpec& spec) {
  if (!flags.boards.empty()) spec.mutable_selector()->clear_boards();
  if (!flags.labels.empty()) spec.mutable_selector()->clear_labels();
  if (absl::Status status = Each("--board", flags.boards, ParseBoard,
                                 [&](const std::string& board) { spec.mutable_selector()->add_boards(board); });
      !status.ok()) {
    return status;
  }
  if (absl::Status status = Each("--label", flags.labels, ParseLabel,
                                 [&](const std::string& label) { spec.mutable_selector()->add_labels(label); });
      !status.ok()) {
    return status;
  }
  return Once(
      "--any", flags.any,
      [](const std::string& text) { return ParseWhole(text, 1, std::numeric_limits<std::uint32_t>::max()); },
      [&](std::uint64_t count) { spec.mutable_selector()->set_any_count(static_cast<std::uint32_t>(count)); });
}

auto Whole(std::uint64_t min, std::uint64_t max) {
  return [min, max](const std::string& text) { return ParseWhole(text, min, max); };
}

auto Span(absl::Duration min, absl::Duration max) {
  return [min, max](const std::string& text) { return ParseSpan(text, min, max); };
}

absl::Status ApplyLimits(const SweepFlags& flags, v1::SweepSpec& spec) {
  constexpr std::uint64_t kMaxWhole = std::numeric_limits<std::uint64_t>::max();
  using google::protobuf::Duration;
  const absl::Status statuses[] = {
      Once("--repetitions", flags.repetitions, Whole(1, kMaxRepetitions),
           [&](std::uint64_t value) { spec.set_repetitions(static_cast<std::uint32_t>(value)); }),
      Once("--seed", flags.seed, Whole(0, kMaxWhole), [&](std::uint64_t value) { spec.set_seed(value); }),
      Once("--calls", flags.calls, Whole(1, kMaxWhole), [&](std::uint64_t value) { spec.set_call_limit(value); }),
      Once("--memory", flags.memory, ParseMemoryModel,
           [&](v1::MemoryModel memory) { spec.mutable_explore()->set_memory(memory); }),
      Once("--max-states", flags.max_states, Whole(1, shared::kMaxExploreStates),
           [&](std::uint64_t value) { spec.mutable_explore()->set_max_states(value); }),
      Once("--time", flags.time, Span(kMinTrialTime, kMaxTrialTime),
           [&](const Duration& value) { *spec.mutable_trial_time() = value; }),
      Once("--deadline", flags.deadline, Span(kMinTrialDeadline, kMaxTrialDeadline),
           [&](const Duration& value) { *spec.mutable_trial_deadline() = value; }),
      Once("--sweep-deadline", flags.sweep_deadline, Span(kMinSweepDeadline, kMaxSweepDeadline),
           [&](const Duration& value) { *spec.mutable_sweep_deadline() = value; }),
      Once("--time-budget", flags.time_budget, Span(kMinSweepDeadline, kMaxSweepDeadline),
           [&](const Duration& value) { *spec.mutable_time_budget() = value; }),
  };
  for (const absl::Status& status : statuses) {
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

void AddSweepFlags(CLI::App& command, SweepFlags& flags) {
  command.add_option("--scenario", flags.scenarios, "Built-in scenario, or a scenario file; may be repeated")
      ->type_name("NAME|FILE")
      ->allow_extra_args(false);
  command.add_option("--implementation", flags.implementations, "Implementation id, * for a part; may be repeated")
      ->type_name("ID")
      ->allow_extra_args(false);
  command.add_option("--cpus", flags.cpus, "Board CPUs such as 0,1 (may be repeated), or pairs for all ordered pairs")
      ->type_name("LIST|pairs")
      ->allow_extra_args(false);
  command
      .add_option("--target-system", flags.target_systems,
                  "What executes the scenario: real threads, or a search of every interleaving; may be repeated")
      ->type_name("signal|explore")
      ->allow_extra_args(false);
  command.add_option("--target-state", flags.target_states, "What called CPUs do meanwhile; may be repeated")
      ->type_name("spin|sleep|syscall")
      ->allow_extra_args(false);
  command.add_option("--param", flags.parameters, "Scenario parameter, n=10 or n=10,100; may be repeated")
      ->type_name("NAME=VALUES")
      ->allow_extra_args(false);
  command.add_option("--arrival-rate", flags.arrival_rates, "Calls a second and caller, or closed; may be repeated")
      ->type_name("HZ")
      ->allow_extra_args(false);
  command.add_option("--board", flags.boards, "Board by name; may be repeated. Default: all")
      ->type_name("BOARD")
      ->allow_extra_args(false);
  command.add_option("--label", flags.labels, "Boards with this label; may be repeated, all must be there")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  command.add_option("--any", flags.any, "Run on any N of the matching boards, not on each")->type_name("N");
  command.add_option("--repetitions", flags.repetitions, "Repetitions of each point")->type_name("N");
  command.add_option("--seed", flags.seed, "Seed of the run order and the trials")->type_name("N");
  command.add_option("--calls", flags.calls, "Calls per trial")->type_name("N");
  command.add_option("--time", flags.time, "Time per trial, such as 5s; limit of a search, default 60s")
      ->type_name("SPAN");
  command.add_option("--memory", flags.memory, "Memory model of explorations; default: weak for 2 CPUs, sc for more")
      ->type_name("sc|weak");
  command.add_option("--max-states", flags.max_states, "An exploration gives up, as unknown, at that many states")
      ->type_name("N");
  command.add_option("--deadline", flags.deadline, "A call without progress for that long is a hang")
      ->type_name("SPAN");
  command.add_option("--sweep-deadline", flags.sweep_deadline, "The sweep must end by then")->type_name("SPAN");
  command
      .add_option("--time-budget", flags.time_budget,
                  "Begin trials for that long, from coarse to fine over the CPUs; `sweep resume` runs what is left")
      ->type_name("SPAN");
  command.add_flag("--oversubscribe", flags.oversubscribe, "Allow more scenario CPUs than a board has");
  command.add_flag("--strict", flags.strict, "Refuse misuse of the call API");
  command.add_flag("--fresh-boot", flags.fresh_boot, "Switch the board off and on before each trial");
  command.add_flag("--no-realtime", flags.no_realtime, "Never take SCHED_FIFO");
}

absl::Status ApplySweepFlags(const SweepFlags& flags, const FileReader& read_file, v1::SweepSpec& spec) {
  if (absl::Status status = ApplyAxes(flags, read_file, spec); !status.ok()) return status;
  if (absl::Status status = ApplySelector(flags, spec); !status.ok()) return status;
  if (absl::Status status = ApplyLimits(flags, spec); !status.ok()) return status;
  if (flags.oversubscribe) spec.set_oversubscribe(true);
  if (flags.strict) spec.set_strict(true);
  if (flags.fresh_boot) spec.set_fresh_boot(true);
  if (flags.no_realtime) spec.set_no_realtime(true);
  return absl::OkStatus();
}

}  // namespace crosscall::cli
