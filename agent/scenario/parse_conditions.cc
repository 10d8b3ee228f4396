#include "agent/scenario/parse_conditions.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/scenario/limits.h"

namespace crosscall::scenario {
namespace {

using Fault = v1::Fault;

constexpr absl::string_view kFaultForms =
    "kick_window, {drop_ipi: {to, nth}}, {dup_ipi: {to, nth}}, {delay_ipi: {to, by}}, "
    "{deschedule: {cpu, for, at}}, {alloc_fail: {cpu, nth}}, {mutate_mask: {cpu}}";

}  // namespace

bool HasOnlyKeys(TextReader& reader, const YamlNode& node, std::initializer_list<absl::string_view> keys) {
  if (node.kind != YamlNode::Kind::kMap) {
    return reader.Fail(node, absl::StrCat("a map with the keys ", absl::StrJoin(keys, ", ")));
  }
  for (std::size_t i = 0; i + 1 < node.elements.size(); i += 2) {
    const YamlNode& key = node.elements[i];
    if (std::find(keys.begin(), keys.end(), key.scalar) == keys.end()) {
      return reader.Fail(key.position, absl::StrCat("the key ", Quote(key.scalar)), absl::StrJoin(keys, ", "));
    }
  }
  return true;
}

bool ConditionParser::Sequence(const YamlNode& node, absl::string_view allowed) {
  return node.kind == YamlNode::Kind::kSequence || reader_.Fail(node, allowed);
}

bool ConditionParser::Needed(const YamlNode& map, absl::string_view key, Word& word) {
  const YamlNode* const value = map.Find(key);
  if (value == nullptr)
    return reader_.Fail(map.position, absl::StrCat("a map without ", key), absl::StrCat("one with ", key));
  return reader_.Scalar(*value, absl::StrCat("a value for ", key), word);
}

bool ConditionParser::CpuField(const YamlNode& map, absl::string_view key, std::uint32_t& cpu) {
  Word word;
  return Needed(map, key, word) && reader_.Cpu(word, cpu);
}

bool ConditionParser::CountField(const YamlNode& map, absl::string_view key, std::uint64_t& count) {
  Word word;
  return Needed(map, key, word) && reader_.Number(word, "a number", 1, kMaxCount, count);
}

bool ConditionParser::SpanField(const YamlNode& map, absl::string_view key, std::uint64_t& nanos) {
  Word word;
  return Needed(map, key, word) && reader_.Span(word, nanos);
}

bool ConditionParser::ParseInterrupts(const YamlNode& node) {
  if (!Sequence(node, "a sequence of {cpu, run, times, at}")) return false;
  for (const YamlNode& element : node.elements) {
    v1::DeviceInterrupt& interrupt = *scenario_.add_interrupts();
    positions_[&interrupt] = element.position;
    if (!ParseInterrupt(element, interrupt)) return false;
  }
  return true;
}

bool ConditionParser::ParseInterrupt(const YamlNode& node, v1::DeviceInterrupt& interrupt) {
  if (!HasOnlyKeys(reader_, node, {"cpu", "run", "times", "at"})) return false;
  std::uint32_t cpu = 0;
  std::uint64_t times = 0;
  Word run;
  if (!CpuField(node, "cpu", cpu) || !Needed(node, "run", run) || !CountField(node, "times", times)) return false;
  if (!operations_.Name(run, "the name of a function", *interrupt.mutable_function())) return false;
  interrupt.set_cpu(cpu);
  interrupt.set_times(times);
  if (node.Find("at") == nullptr) return true;
  Word at;
  if (!Needed(node, "at", at)) return false;
  if (at.text != "queued-not-kicked") return reader_.Fail(at.position, Quote(at.text), "queued-not-kicked");
  interrupt.set_point(v1::DeviceInterrupt::POINT_QUEUED_NOT_KICKED);
  return true;
}

bool ConditionParser::ParseFaults(const YamlNode& node) {
  if (!Sequence(node, absl::StrCat("a sequence of ", kFaultForms))) return false;
  for (const YamlNode& element : node.elements) {
    v1::Fault& fault = *scenario_.add_faults();
    positions_[&fault] = element.position;
    if (!ParseFault(element, fault)) return false;
  }
  return true;
}

bool ConditionParser::ParseFault(const YamlNode& node, v1::Fault& fault) {
  if (node.kind == YamlNode::Kind::kScalar && node.scalar == "kick_window") {
    fault.set_kind(Fault::KIND_KICK_WINDOW);
    return true;
  }
  if (node.kind != YamlNode::Kind::kMap || node.elements.size() != 2) return reader_.Fail(node, kFaultForms);
  return ParseFaultFields(node.elements[0], node.elements[1], fault);
}

bool ConditionParser::ParseFaultFields(const YamlNode& kind, const YamlNode& fields, v1::Fault& fault) {
  std::uint32_t cpu = 0;
  std::uint64_t number = 0;
  if (kind.scalar == "kick_window") {
    fault.set_kind(Fault::KIND_KICK_WINDOW);
    return fields.kind == YamlNode::Kind::kNull || HasOnlyKeys(reader_, fields, {});
  }
  if (kind.scalar == "drop_ipi" || kind.scalar == "dup_ipi") {
    fault.set_kind(kind.scalar == "drop_ipi" ? Fault::KIND_DROP_IPI : Fault::KIND_DUP_IPI);
    if (!HasOnlyKeys(reader_, fields, {"to", "nth"}) || !CpuField(fields, "to", cpu)) return false;
    if (!CountField(fields, "nth", number)) return false;
    fault.set_nth(number);
  } else if (kind.scalar == "delay_ipi") {
    fault.set_kind(Fault::KIND_DELAY_IPI);
    if (!HasOnlyKeys(reader_, fields, {"to", "by"}) || !CpuField(fields, "to", cpu)) return false;
    if (!SpanField(fields, "by", number)) return false;
    fault.set_duration_nanos(number);
  } else if (kind.scalar == "deschedule") {
    fault.set_kind(Fault::KIND_DESCHEDULE);
    if (!HasOnlyKeys(reader_, fields, {"cpu", "for", "at"}) || !CpuField(fields, "cpu", cpu)) return false;
    if (!SpanField(fields, "for", number)) return false;
    fault.set_duration_nanos(number);
    Word at;
    if (fields.Find("at") != nullptr && !Needed(fields, "at", at)) return false;
    if (at.text == "handler-entry") {
      fault.set_point(Fault::POINT_HANDLER_ENTRY);
    } else if (at.text == "queued-not-kicked") {
      fault.set_point(Fault::POINT_QUEUED_NOT_KICKED);
    } else if (fields.Find("at") != nullptr) {
      return reader_.Fail(at.position, Quote(at.text), "handler-entry or queued-not-kicked");
    }
  } else if (kind.scalar == "alloc_fail") {
    fault.set_kind(Fault::KIND_ALLOC_FAIL);
    if (!HasOnlyKeys(reader_, fields, {"cpu", "nth"}) || !CpuField(fields, "cpu", cpu)) return false;
    if (!CountField(fields, "nth", number)) return false;
    fault.set_nth(number);
  } else if (kind.scalar == "mutate_mask") {
    fault.set_kind(Fault::KIND_MUTATE_MASK);
    if (!HasOnlyKeys(reader_, fields, {"cpu"}) || !CpuField(fields, "cpu", cpu)) return false;
  } else {
    return reader_.Fail(kind, kFaultForms);
  }
  fault.set_cpu(cpu);
  return true;
}

bool ConditionParser::ParseExpectations(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::kMap) return reader_.Fail(node, "a map from implementations to verdicts");
  for (std::size_t i = 0; i + 1 < node.elements.size(); i += 2) {
    v1::Expectation& expectation = *scenario_.add_expectations();
    positions_[&expectation] = node.elements[i].position;
    Word verdict;
    if (!reader_.Scalar(node.elements[i + 1], "a verdict", verdict)) return false;
    expectation.set_implementation(node.elements[i].scalar);
    expectation.set_verdict(absl::StrCat(verdict.text));
  }
  return true;
}

void ConditionParser::AddImpliedFaults() {
  const auto is_window = [](const Fault& fault) { return fault.kind() == Fault::KIND_KICK_WINDOW; };
  const auto needs_window = [](const v1::DeviceInterrupt& interrupt) {
    return interrupt.point() == v1::DeviceInterrupt::POINT_QUEUED_NOT_KICKED;
  };
  const auto& faults = scenario_.faults();
  const auto& interrupts = scenario_.interrupts();
  if (std::any_of(interrupts.begin(), interrupts.end(), needs_window) &&
      std::none_of(faults.begin(), faults.end(), is_window)) {
    scenario_.add_faults()->set_kind(Fault::KIND_KICK_WINDOW);
  }
}

}  // namespace crosscall::scenario
