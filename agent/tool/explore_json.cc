#include "agent/tool/explore_json.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "agent/tool/explore_tally.h"
#include "proto/shared/json.h"

namespace crosscall::tool {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

void WriteTrace(const explore::Trace& trace, shared::Json& json) {
  json.Key("trace").BeginArray();
  for (const explore::TraceLine& line : trace.lines) {
    json.BeginObject().Key("cpu").Number(line.cpu).Key("op").String(line.op);
    if (!line.stage.empty()) json.Key("stage").String(line.stage);
    json.EndObject();
  }
  json.EndArray().Key("waits").BeginArray();
  for (const explore::WaitLine& wait : trace.waits) {
    json.BeginObject().Key("cpu").Number(wait.cpu).Key("for").String(wait.waits_for);
    json.Key("masked").Bool(wait.masked).Key("ipi_pending").Bool(wait.ipi_pending).EndObject();
  }
  json.EndArray();
}

void WriteExpectation(const v1::Scenario& scenario, const std::string& implementation, shared::Json& json) {
  const std::optional<std::string> expected = ExpectedVerdict(scenario, implementation);
  json.Key("expected");
  if (expected) {
    json.String(*expected);
  } else {
    json.Null();
  }
}

// Reads keys of an object; the first that is missing or of another kind is remembered.
class Reader {
 public:
  explicit Reader(const Struct& object) : object_(object) {}

  std::string String(const std::string& key) {
    const Value* value = Find(key, Value::kStringValue, "a string");
    return value == nullptr ? "" : value->string_value();
  }
  // A key that may be missing.
  std::string Optional(const std::string& key) { return object_.fields().count(key) == 0 ? "" : String(key); }
  bool Bool(const std::string& key) {
    const Value* value = Find(key, Value::kBoolValue, "true or false");
    return value != nullptr && value->bool_value();
  }
  explore::CpuId Cpu(const std::string& key) {
    const Value* value = Find(key, Value::kNumberValue, "a number");
    const double number = value == nullptr ? 0 : value->number_value();
    if (number < 0 || number >= explore::ModelPort::kMaxCpus || number != std::floor(number)) Fail(key, "a CPU");
    return status_.ok() ? static_cast<explore::CpuId>(number) : 0;
  }
  // The objects of a list.
  std::vector<const Struct*> Objects(const std::string& key) {
    std::vector<const Struct*> objects;
    const Value* value = Find(key, Value::kListValue, "a list of objects");
    if (value == nullptr) return objects;
    for (const Value& element : value->list_value().values()) {
      if (element.kind_case() != Value::kStructValue) Fail(key, "a list of objects");
      objects.push_back(&element.struct_value());
    }
    return objects;
  }
  scenario::Overrides Numbers(const std::string& key) {
    scenario::Overrides numbers;
    const Value* value = Find(key, Value::kStructValue, "an object");
    if (value == nullptr) return numbers;
    for (const auto& [name, number] : value->struct_value().fields()) {
      // As far as a double is exact, so that no value is changed in silence.
      if (number.kind_case() != Value::kNumberValue || std::abs(number.number_value()) > 9007199254740992.0) {
        Fail(key, "an object of integers below 2^53");
        continue;
      }
      numbers[name] = static_cast<std::int64_t>(number.number_value());
    }
    return numbers;
  }

  void Fail(absl::string_view key, absl::string_view allowed) {
    if (status_.ok()) {
      status_ = absl::InvalidArgumentError(
          absl::StrCat("key \"", key, "\": allowed: ", allowed, ", as explore --json prints it"));
    }
  }
  const absl::Status& status() const { return status_; }
  void Note(const absl::Status& status) { status_.Update(status); }

 private:
  const Value* Find(const std::string& key, Value::KindCase kind, absl::string_view allowed) {
    const auto found = object_.fields().find(key);
    if (found != object_.fields().end() && found->second.kind_case() == kind) return &found->second;
    Fail(key, allowed);
    return nullptr;
  }

  const Struct& object_;
  absl::Status status_;
};

void ReadTrace(Reader& reader, explore::Trace& trace) {
  for (const Struct* object : reader.Objects("trace")) {
    Reader line(*object);
    trace.lines.push_back(explore::TraceLine{line.Cpu("cpu"), line.String("op"), line.Optional("stage")});
    reader.Note(line.status());
  }
  for (const Struct* object : reader.Objects("waits")) {
    Reader wait(*object);
    trace.waits.push_back(
        explore::WaitLine{wait.Cpu("cpu"), wait.String("for"), wait.Bool("masked"), wait.Bool("ipi_pending")});
    reader.Note(wait.status());
  }
}

}  // namespace

std::string ExplorationLine(const LoadedScenario& scenario, const std::string& implementation,
                            const explore::Exploration& exploration, bool check) {
  const explore::Finding& finding = exploration.finding;
  shared::Json json;
  json.BeginObject().Key("scenario").String(scenario.scenario.id()).Key("implementation").String(implementation);
  json.Key("memory").String(explore::MemoryModelName(exploration.memory));
  json.Key("verdict").String(explore::VerdictName(finding.verdict));
  json.Key("states").Number(finding.states).Key("executions").Number(finding.executions);
  json.Key("seconds").Real(absl::ToDoubleSeconds(finding.time));
  WriteTrace(exploration.trace, json);
  json.Key("reason").String(finding.reason);
  if (check) WriteExpectation(scenario.scenario, implementation, json);
  json.Key("schedule").String(explore::FormatSchedule(finding.schedule));
  json.Key("source").String(scenario.source).Key("parameters").BeginObject();
  for (const v1::Parameter& parameter : scenario.scenario.parameters()) {
    json.Key(parameter.id()).Signed(parameter.value());
  }
  json.EndObject().Key("steps").Number(finding.steps);
  json.Key("bytes_per_state").Number(finding.states == 0 ? 0 : finding.bytes / finding.states);
  return json.EndObject().Take();
}

absl::StatusOr<RecordedTrace> ReadExploration(absl::string_view json) {
  Struct object;
  const auto parsed = google::protobuf::util::JsonStringToMessage(std::string(json), &object);
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "no JSON object, one and nothing else, as explore --json prints it: ", std::string(parsed.message())));
  }
  Reader reader(object);
  RecordedTrace recorded;
  recorded.scenario = reader.String("scenario");
  recorded.source = reader.String("source");
  recorded.parameters = reader.Numbers("parameters");
  recorded.implementation = reader.String("implementation");
  recorded.verdict = reader.String("verdict");
  recorded.reason = reader.String("reason");
  const std::string memory = reader.String("memory");
  if (memory != "sc" && memory != "weak") reader.Fail("memory", "sc, weak");
  recorded.memory = memory == "sc" ? explore::MemoryModel::kSc : explore::MemoryModel::kWeak;
  absl::StatusOr<explore::Schedule> schedule = explore::ParseSchedule(reader.String("schedule"));
  reader.Note(schedule.status());
  ReadTrace(reader, recorded.trace);
  if (!reader.status().ok()) return reader.status();
  recorded.schedule = *std::move(schedule);
  if (recorded.schedule.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("the verdict ", recorded.verdict,
                                                   " has no trace to replay; deadlock, livelock and violation have"));
  }
  return recorded;
}

}  // namespace crosscall::tool
