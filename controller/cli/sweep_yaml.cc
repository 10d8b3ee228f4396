#include "controller/cli/sweep_yaml.h"

#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "controller/cli/axis_values.h"
#include "controller/cli/yaml_fields.h"
#include "proto/shared/validate.h"

namespace crosscall::cli {
namespace {

constexpr std::uint64_t kMaxWhole = std::numeric_limits<std::uint64_t>::max();

// Returns from the enclosing function if `expression` is not OK.
#define RETURN_IF_ERROR(expression)                                      \
  do {                                                                   \
    if (absl::Status status = (expression); !status.ok()) return status; \
  } while (false)

class SweepReader {
 public:
  SweepReader(absl::string_view file, const FileReader& read_file) : file_(file), read_file_(read_file) {}

  absl::StatusOr<v1::SweepSpec> Read(const YAML::Node& root) {
    struct Axis {
      YamlKey key;
      absl::Status (SweepReader::*read)(const YAML::Node&);
    };
    static constexpr Axis kAxes[] = {
        {{"scenarios", "scenario"}, &SweepReader::Scenarios},
        {{"implementations", "implementation"}, &SweepReader::Implementations},
        {{"cpus", ""}, &SweepReader::Cpus},
        {{"target_systems", "target_system"}, &SweepReader::TargetSystems},
        {{"memory", ""}, &SweepReader::Memory},
        {{"max_states", ""}, &SweepReader::MaxStates},
        {{"target_states", "target_state"}, &SweepReader::TargetStates},
        {{"parameters", ""}, &SweepReader::Parameters},
        {{"arrival_rates", "arrival_rate"}, &SweepReader::ArrivalRates},
        {{"repetitions", ""}, &SweepReader::Repetitions},
        {{"seed", ""}, &SweepReader::Seed},
        {{"calls", ""}, &SweepReader::Calls},
        {{"time", ""}, &SweepReader::Time},
        {{"deadline", ""}, &SweepReader::Deadline},
        {{"sweep_deadline", ""}, &SweepReader::SweepDeadline},
        {{"time_budget", ""}, &SweepReader::TimeBudget},
        {{"boards", ""}, &SweepReader::Boards},
        {{"oversubscribe", ""}, &SweepReader::Oversubscribe},
        {{"strict", ""}, &SweepReader::Strict},
        {{"no_realtime", ""}, &SweepReader::NoRealtime},
        {{"fresh_boot", ""}, &SweepReader::FreshBoot},
    };
    std::vector<YamlKey> keys;
    for (const Axis& axis : kAxes) keys.push_back(axis.key);
    absl::StatusOr<std::vector<YamlField>> fields = ReadFields(root, file_, keys, "a sweep");
    if (!fields.ok()) return fields.status();
    for (const YamlField& field : *fields) {
      for (const Axis& axis : kAxes) {
        if (axis.key.name == field.key) RETURN_IF_ERROR((this->*axis.read)(field.value));
      }
    }
    for (const auto& [missing, name] : {std::pair(spec_.scenarios().empty(), "scenarios"),
                                        std::pair(spec_.implementations().empty(), "implementations")}) {
      if (missing) return ErrorAt(Place(root), absl::StrCat("the key \"", name, "\" is missing; a sweep needs it"));
    }
    return spec_;
  }

 private:
  YamlPlace Place(const YAML::Node& node) const { return {file_, node.Mark()}; }

  // Calls `add` with the text of each item of a list, or of the single value.
  template <class Add>
  absl::Status EachText(const YAML::Node& node, absl::string_view what, Add add) {
    absl::StatusOr<std::vector<YAML::Node>> items = ReadItems(node, file_, what);
    if (!items.ok()) return items.status();
    for (const YAML::Node& item : *items) {
      absl::StatusOr<std::string> text = ReadScalar(item, file_, what);
      if (!text.ok()) return text.status();
      RETURN_IF_ERROR(Locate(add(*text), Place(item)));
    }
    return absl::OkStatus();
  }

  // Parses one scalar and hands it to `set`.
  template <class Parse, class Set>
  absl::Status One(const YAML::Node& node, absl::string_view what, Parse parse, Set set) {
    absl::StatusOr<std::string> text = ReadScalar(node, file_, what);
    if (!text.ok()) return text.status();
    auto value = parse(*text);
    if (!value.ok()) return Locate(value.status(), Place(node));
    set(*value);
    return absl::OkStatus();
  }

  absl::Status Scenarios(const YAML::Node& node) {
    absl::StatusOr<std::vector<YAML::Node>> items =
        ReadItems(node, file_, "scenario names, {file: path} or {text: ...}");
    if (!items.ok()) return items.status();
    for (const YAML::Node& item : *items) {
      if (item.IsMap()) {
        RETURN_IF_ERROR(OwnScenario(item));
        continue;
      }
      absl::StatusOr<std::string> id = ReadScalar(item, file_, "a scenario's name, {file: path} or {text: ...}");
      if (!id.ok()) return id.status();
      spec_.add_scenarios()->set_id(*id);
    }
    return absl::OkStatus();
  }

  absl::Status OwnScenario(const YAML::Node& node) {
    absl::StatusOr<std::vector<YamlField>> fields =
        ReadFields(node, file_, {{"file", ""}, {"text", ""}}, "a scenario of your own");
    if (!fields.ok()) return fields.status();
    if (fields->size() != 1) return ErrorAt(Place(node), "found not exactly one of: file, text; give one");
    const YamlField& field = fields->front();
    absl::StatusOr<std::string> text = ReadScalar(field.value, file_, "a path or a scenario's text");
    if (!text.ok()) return text.status();
    std::string source = absl::StrCat(file_, " (text in line ", field.key_node.Mark().line + 1, ")");
    if (field.key == "file") {
      source = Beside(*text);
      text = read_file_(source);
      if (!text.ok()) return Locate(text.status(), Place(field.value));
    }
    absl::StatusOr<v1::ScenarioRef> scenario = ScenarioFromText(*text, source);
    if (!scenario.ok()) return scenario.status();
    *spec_.add_scenarios() = *std::move(scenario);
    return absl::OkStatus();
  }

  // A relative path is meant from the sweep file's folder.
  std::string Beside(absl::string_view path) const {
    const std::size_t folder = file_.rfind('/');
    if (absl::StartsWith(path, "/") || folder == std::string::npos) return std::string(path);
    return absl::StrCat(file_.substr(0, folder + 1), path);
  }

  absl::Status Implementations(const YAML::Node& node) {
    return EachText(node, "implementation ids, `*` for a part or for all", [&](const std::string& text) {
      spec_.add_implementations(text);
      return absl::OkStatus();
    });
  }

  // `pairs`; one list as text or numbers; or a list of lists.
  absl::Status Cpus(const YAML::Node& node) {
    constexpr absl::string_view kWhat =
        "pairs, a list of board CPUs such as [0, 1] or \"0-3\", or a list of such lists";
    if (node.IsScalar() && node.Scalar() == "pairs") {
      spec_.set_all_cpu_pairs(true);
      return absl::OkStatus();
    }
    absl::StatusOr<std::vector<YAML::Node>> items = ReadItems(node, file_, kWhat);
    if (!items.ok()) return items.status();
    const bool lists = node.IsSequence() && items->front().IsSequence();
    if (!lists && node.IsSequence() && items->front().Scalar().find_first_of(",-") == std::string::npos) {
      return CpuNumbers(node);
    }
    for (const YAML::Node& item : *items) {
      if (item.IsSequence()) {
        RETURN_IF_ERROR(CpuNumbers(item));
      } else {
        RETURN_IF_ERROR(
            One(item, kWhat, ParseCpuList, [&](const v1::CpuList& list) { *spec_.add_cpu_lists() = list; }));
      }
    }
    return absl::OkStatus();
  }

  // One CPU list, written as a list of numbers.
  absl::Status CpuNumbers(const YAML::Node& node) {
    std::string joined;
    RETURN_IF_ERROR(EachText(node, "board CPUs", [&](const std::string& text) {
      absl::StrAppend(&joined, joined.empty() ? "" : ",", text);
      return ParseCpuList(text).status();
    }));
    absl::StatusOr<v1::CpuList> list = ParseCpuList(joined);
    if (!list.ok()) return Locate(list.status(), Place(node));
    *spec_.add_cpu_lists() = *std::move(list);
    return absl::OkStatus();
  }

  absl::Status TargetSystems(const YAML::Node& node) {
    return EachText(node, "signal, explore", [&](const std::string& text) -> absl::Status {
      absl::StatusOr<v1::TargetSystem> system = ParseTargetSystem(text);
      if (system.ok()) spec_.add_target_systems(*system);
      return system.status();
    });
  }
  absl::Status Memory(const YAML::Node& node) {
    return One(node, "sc or weak", ParseMemoryModel,
               [&](v1::MemoryModel memory) { spec_.mutable_explore()->set_memory(memory); });
  }
  absl::Status MaxStates(const YAML::Node& node) {
    std::uint64_t value = 0;
    RETURN_IF_ERROR(Whole(node, 1, shared::kMaxExploreStates, value));
    spec_.mutable_explore()->set_max_states(value);
    return absl::OkStatus();
  }

  absl::Status TargetStates(const YAML::Node& node) {
    return EachText(node, "spin, sleep, syscall", [&](const std::string& text) -> absl::Status {
      absl::StatusOr<v1::TargetState> state = ParseTargetState(text);
      if (state.ok()) spec_.add_target_states(*state);
      return state.status();
    });
  }

  absl::Status ArrivalRates(const YAML::Node& node) {
    return EachText(node, "calls a second, or closed", [&](const std::string& text) -> absl::Status {
      absl::StatusOr<double> rate = ParseArrivalRate(text);
      if (rate.ok()) spec_.add_arrival_rates_hz(*rate);
      return rate.status();
    });
  }

  // Each map is a set of sets: a list of values stands for each of them.
  absl::Status Parameters(const YAML::Node& node) {
    constexpr absl::string_view kWhat = "parameters and their values such as {n: 10, dst: [1, 2]}";
    absl::StatusOr<std::vector<YAML::Node>> items = ReadItems(node, file_, kWhat);
    if (!items.ok()) return items.status();
    for (const YAML::Node& item : *items) {
      absl::StatusOr<std::vector<YamlField>> fields = ReadFields(item, file_, {}, kWhat);
      if (!fields.ok()) return fields.status();
      ParameterAxis axis;
      for (const YamlField& field : *fields) {
        std::vector<std::int64_t>& values = axis.emplace_back(field.key, std::vector<std::int64_t>()).second;
        RETURN_IF_ERROR(EachText(field.value, "whole numbers", [&](const std::string& text) -> absl::Status {
          absl::StatusOr<std::int64_t> value = ParseParameterValue(text);
          if (value.ok()) values.push_back(*value);
          return value.status();
        }));
      }
      RETURN_IF_ERROR(Locate(AppendCombinations(axis, spec_), Place(item)));
    }
    return absl::OkStatus();
  }

  absl::Status Whole(const YAML::Node& node, std::uint64_t min, std::uint64_t max, std::uint64_t& value) {
    return One(
        node, "a whole number", [&](const std::string& text) { return ParseWhole(text, min, max); },
        [&](std::uint64_t parsed) { value = parsed; });
  }
  absl::Status Repetitions(const YAML::Node& node) {
    std::uint64_t value = 0;
    RETURN_IF_ERROR(Whole(node, 1, kMaxRepetitions, value));
    spec_.set_repetitions(static_cast<std::uint32_t>(value));
    return absl::OkStatus();
  }
  absl::Status Seed(const YAML::Node& node) {
    std::uint64_t value = 0;
    RETURN_IF_ERROR(Whole(node, 0, kMaxWhole, value));
    spec_.set_seed(value);
    return absl::OkStatus();
  }
  absl::Status Calls(const YAML::Node& node) {
    std::uint64_t value = 0;
    RETURN_IF_ERROR(Whole(node, 1, kMaxWhole, value));
    spec_.set_call_limit(value);
    return absl::OkStatus();
  }

  absl::Status Span(const YAML::Node& node, absl::Duration min, absl::Duration max, google::protobuf::Duration& span) {
    return One(
        node, "a span such as 200ms", [&](const std::string& text) { return ParseSpan(text, min, max); },
        [&](const google::protobuf::Duration& parsed) { span = parsed; });
  }
  absl::Status Time(const YAML::Node& node) {
    return Span(node, kMinTrialTime, kMaxTrialTime, *spec_.mutable_trial_time());
  }
  absl::Status Deadline(const YAML::Node& node) {
    return Span(node, kMinTrialDeadline, kMaxTrialDeadline, *spec_.mutable_trial_deadline());
  }
  absl::Status SweepDeadline(const YAML::Node& node) {
    return Span(node, kMinSweepDeadline, kMaxSweepDeadline, *spec_.mutable_sweep_deadline());
  }
  absl::Status TimeBudget(const YAML::Node& node) {
    return Span(node, kMinSweepDeadline, kMaxSweepDeadline, *spec_.mutable_time_budget());
  }

  absl::Status Oversubscribe(const YAML::Node& node) {
    return One(node, "true or false", ParseTruth, [&](bool value) { spec_.set_oversubscribe(value); });
  }
  absl::Status Strict(const YAML::Node& node) {
    return One(node, "true or false", ParseTruth, [&](bool value) { spec_.set_strict(value); });
  }
  absl::Status NoRealtime(const YAML::Node& node) {
    return One(node, "true or false", ParseTruth, [&](bool value) { spec_.set_no_realtime(value); });
  }
  absl::Status FreshBoot(const YAML::Node& node) {
    return One(node, "true or false", ParseTruth, [&](bool value) { spec_.set_fresh_boot(value); });
  }

  // Names, or a map with names, labels and how many of the matching ones.
  absl::Status Boards(const YAML::Node& node) {
    if (!node.IsMap()) return BoardNames(node);
    absl::StatusOr<std::vector<YamlField>> fields =
        ReadFields(node, file_, {{"names", "name"}, {"labels", "label"}, {"any", ""}}, "boards");
    if (!fields.ok()) return fields.status();
    for (const YamlField& field : *fields) {
      if (field.key == "names") RETURN_IF_ERROR(BoardNames(field.value));
      if (field.key == "labels") RETURN_IF_ERROR(BoardLabels(field.value));
      if (field.key == "any") {
        std::uint64_t count = 0;
        RETURN_IF_ERROR(Whole(field.value, 1, std::numeric_limits<std::uint32_t>::max(), count));
        spec_.mutable_selector()->set_any_count(static_cast<std::uint32_t>(count));
      }
    }
    return absl::OkStatus();
  }
  absl::Status BoardNames(const YAML::Node& node) {
    return EachText(node, "names of boards", [&](const std::string& text) -> absl::Status {
      absl::StatusOr<std::string> board = ParseBoard(text);
      if (board.ok()) spec_.mutable_selector()->add_boards(*board);
      return board.status();
    });
  }
  absl::Status BoardLabels(const YAML::Node& node) {
    return EachText(node, "labels, key=value", [&](const std::string& text) -> absl::Status {
      absl::StatusOr<std::string> label = ParseLabel(text);
      if (label.ok()) spec_.mutable_selector()->add_labels(*label);
      return label.status();
    });
  }

  const std::string file_;
  const FileReader& read_file_;
  v1::SweepSpec spec_;
};

#undef RETURN_IF_ERROR

}  // namespace

absl::StatusOr<v1::SweepSpec> ParseSweep(absl::string_view text, absl::string_view file, const FileReader& read_file) {
  absl::StatusOr<YAML::Node> root = LoadYaml(text, file);
  if (!root.ok()) return root.status();
  return SweepReader(file, read_file).Read(*root);
}

}  // namespace crosscall::cli
