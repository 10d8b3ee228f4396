#include "agent/scenario/parse.h"

#include <limits>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/scenario/limits.h"
#include "agent/scenario/names.h"
#include "agent/scenario/parse_conditions.h"
#include "agent/scenario/parse_operation.h"
#include "agent/scenario/text_reader.h"
#include "agent/scenario/validate.h"
#include "agent/scenario/yaml_tree.h"

namespace crosscall::scenario {
namespace {

class ScenarioParser {
 public:
  ScenarioParser(absl::string_view file, const YamlNode& root, const Overrides& overrides)
      : reader_(file), root_(root), overrides_(overrides) {}

  absl::StatusOr<v1::Scenario> Run() {
    positions_[&scenario_] = root_.position;
    // Parameters first, wherever they stand: everything else may use them.
    if (!KnownKeys() || !Parameters() || !Header() || !Bodies() || !Conditions() || !CpuCount())
      return reader_.status();
    absl::Status valid =
        ValidateScenario(scenario_, [this](const google::protobuf::Message& where) { return Locate(where); });
    if (!valid.ok()) return valid;
    return std::move(scenario_);
  }

 private:
  std::string Locate(const google::protobuf::Message& where) const {
    const auto found = positions_.find(&where);
    const Position at = found == positions_.end() ? root_.position : found->second;
    return absl::StrCat(reader_.file(), ":", at.line, ":", at.column);
  }

  bool KnownKeys() {
    return HasOnlyKeys(
        reader_, root_,
        {"scenario", "about", "cpus", "locks", "params", "functions", "programs", "interrupts", "faults", "expect"});
  }

  bool Parameters() {
    const YamlNode* const node = root_.Find("params");
    if (node != nullptr && node->kind != YamlNode::Kind::kMap)
      return reader_.Fail(*node, "a map from names to numbers");
    for (std::size_t i = 0; node != nullptr && i + 1 < node->elements.size(); i += 2) {
      if (!Parameter(node->elements[i], node->elements[i + 1])) return false;
    }
    for (const auto& [name, value] : overrides_) {
      if (reader_.parameters().contains(name)) continue;
      const std::string known = absl::StrJoin(reader_.parameters(), ", ", [](std::string* out, const auto& parameter) {
        absl::StrAppend(out, parameter.first);
      });
      return reader_.Fail((node == nullptr ? root_ : *node).position,
                          absl::StrCat("a value for the parameter ", Quote(name)),
                          known.empty() ? "no parameter, since the scenario declares none" : known);
    }
    return true;
  }

  bool Parameter(const YamlNode& key, const YamlNode& node) {
    if (!IsParameter(key.scalar)) return reader_.Fail(key, absl::StrCat("a parameter name, ", kParameterForm));
    Word word;
    std::int64_t value = 0;
    if (!reader_.Scalar(node, "a whole number", word)) return false;
    if (!absl::SimpleAtoi(word.text, &value)) {
      return reader_.Fail(word.position, Quote(word.text), "a whole number; a span is given in nanoseconds");
    }
    const auto overriding = overrides_.find(key.scalar);
    if (overriding != overrides_.end()) value = overriding->second;
    v1::Parameter& parameter = *scenario_.add_parameters();
    positions_[&parameter] = key.position;
    parameter.set_id(key.scalar);
    parameter.set_value(value);
    reader_.SetParameter(key.scalar, value);
    return true;
  }

  bool Header() {
    const YamlNode* const id = root_.Find("scenario");
    if (id == nullptr) return reader_.Fail(root_.position, "a map without scenario", "one with scenario: ID");
    Word word;
    if (!reader_.Scalar(*id, absl::StrCat("a scenario id, ", kScenarioIdForm), word)) return false;
    if (!IsScenarioId(word.text)) {
      return reader_.Fail(word.position, Quote(word.text), absl::StrCat("a scenario id, ", kScenarioIdForm));
    }
    scenario_.set_id(absl::StrCat(word.text));
    if (const YamlNode* const about = root_.Find("about")) {
      if (!reader_.Scalar(*about, "a sentence", word)) return false;
      scenario_.set_about(absl::StrCat(word.text));
    }
    return Locks();
  }

  bool Locks() {
    const YamlNode* const node = root_.Find("locks");
    if (node == nullptr) return true;
    if (node->kind != YamlNode::Kind::kSequence) return reader_.Fail(*node, "a sequence of names");
    for (const YamlNode& element : node->elements) {
      Word word;
      std::string name;
      if (!reader_.Scalar(element, "the name of a lock", word)) return false;
      if (!operations_.Name(word, "the name of a lock", name)) return false;
      const int before = scenario_.locks_size();
      operations_.DeclareLock(name);
      if (scenario_.locks_size() == before) {
        return reader_.Fail(word.position, absl::StrCat("the lock ", Quote(name), " a second time"), "each lock once");
      }
    }
    return true;
  }

  bool Bodies() {
    if (const YamlNode* const functions = root_.Find("functions")) {
      if (functions->kind != YamlNode::Kind::kMap) return reader_.Fail(*functions, "a map from names to operations");
      for (std::size_t i = 0; i + 1 < functions->elements.size(); i += 2) {
        if (!Function(functions->elements[i], functions->elements[i + 1])) return false;
      }
    }
    const YamlNode* const programs = root_.Find("programs");
    if (programs == nullptr)
      return reader_.Fail(root_.position, "a map without programs", "one with programs: {CPU: [...]}");
    if (programs->kind != YamlNode::Kind::kMap || programs->elements.empty()) {
      return reader_.Fail(*programs, "a map from CPUs to operations");
    }
    for (std::size_t i = 0; i + 1 < programs->elements.size(); i += 2) {
      if (!Program(programs->elements[i], programs->elements[i + 1])) return false;
    }
    return true;
  }

  bool Function(const YamlNode& key, const YamlNode& body) {
    v1::Function& function = *scenario_.add_functions();
    positions_[&function] = key.position;
    Word word;
    return reader_.Scalar(key, "the name of a function", word) &&
           operations_.Name(word, "the name of a function", *function.mutable_id()) &&
           operations_.ParseBody(body, *function.mutable_body());
  }

  bool Program(const YamlNode& key, const YamlNode& body) {
    v1::Program& program = *scenario_.add_programs();
    positions_[&program] = key.position;
    Word word;
    std::uint32_t cpu = 0;
    if (!reader_.Scalar(key, "a CPU", word) || !reader_.Cpu(word, cpu)) return false;
    program.set_cpu(cpu);
    return operations_.ParseBody(body, *program.mutable_body());
  }

  bool Conditions() {
    const YamlNode* const interrupts = root_.Find("interrupts");
    const YamlNode* const faults = root_.Find("faults");
    const YamlNode* const expect = root_.Find("expect");
    if (interrupts != nullptr && !conditions_.ParseInterrupts(*interrupts)) return false;
    if (faults != nullptr && !conditions_.ParseFaults(*faults)) return false;
    if (expect != nullptr && !conditions_.ParseExpectations(*expect)) return false;
    conditions_.AddImpliedFaults();
    return true;
  }

  bool CpuCount() {
    scenario_.set_cpu_count(reader_.cpus_named());
    const YamlNode* const cpus = root_.Find("cpus");
    if (cpus == nullptr) return true;
    Word word;
    std::uint64_t count = 0;
    if (!reader_.Scalar(*cpus, "a number of CPUs", word)) return false;
    if (!reader_.Number(word, "a number of CPUs", 1, kMaxScenarioCpus, count)) return false;
    scenario_.set_cpu_count(static_cast<std::uint32_t>(count));
    return true;
  }

  TextReader reader_;
  const YamlNode& root_;
  const Overrides& overrides_;
  v1::Scenario scenario_;
  Positions positions_;
  OperationParser operations_{reader_, scenario_, positions_};
  ConditionParser conditions_{reader_, operations_, scenario_, positions_};
};

}  // namespace

absl::StatusOr<v1::Scenario> ParseScenario(absl::string_view text, absl::string_view file_name,
                                           const Overrides& overrides) {
  if (text.size() > kMaxTextBytes) {
    return ErrorAt(file_name, Position{}, absl::StrCat("a text of ", text.size(), " bytes"),
                   absl::StrCat("at most ", kMaxTextBytes));
  }
  const absl::StatusOr<YamlNode> root = ParseYaml(text, file_name);
  if (!root.ok()) return root.status();
  return ScenarioParser(file_name, *root, overrides).Run();
}

}  // namespace crosscall::scenario
