// From YAML to what surrounds the programs: device interrupts, faults, expectations. Checks forms and ranges of
// numbers.
#ifndef AGENT_SCENARIO_PARSE_CONDITIONS_H_
#define AGENT_SCENARIO_PARSE_CONDITIONS_H_

#include <initializer_list>

#include "absl/strings/string_view.h"
#include "agent/scenario/parse_operation.h"
#include "agent/scenario/text_reader.h"
#include "agent/scenario/yaml_tree.h"
#include "crosscall/v1/scenario.pb.h"

namespace crosscall::scenario {

// Whether `node` is a map with no keys but these; fails at the first other key.
bool HasOnlyKeys(TextReader& reader, const YamlNode& node, std::initializer_list<absl::string_view> keys);

class ConditionParser {
 public:
  ConditionParser(TextReader& reader, OperationParser& operations, v1::Scenario& scenario, Positions& positions)
      : reader_(reader), operations_(operations), scenario_(scenario), positions_(positions) {}

  bool ParseInterrupts(const YamlNode& node);
  bool ParseFaults(const YamlNode& node);
  bool ParseExpectations(const YamlNode& node);
  // An interrupt between publish and kick has no place to come unless these are two steps.
  void AddImpliedFaults();

 private:
  bool ParseInterrupt(const YamlNode& node, v1::DeviceInterrupt& interrupt);
  bool ParseFault(const YamlNode& node, v1::Fault& fault);
  bool ParseFaultFields(const YamlNode& kind, const YamlNode& fields, v1::Fault& fault);
  bool Sequence(const YamlNode& node, absl::string_view allowed);
  bool CpuField(const YamlNode& map, absl::string_view key, std::uint32_t& cpu);
  bool CountField(const YamlNode& map, absl::string_view key, std::uint64_t& count);
  bool SpanField(const YamlNode& map, absl::string_view key, std::uint64_t& nanos);
  // The word of a field that must be there.
  bool Needed(const YamlNode& map, absl::string_view key, Word& word);

  TextReader& reader_;
  OperationParser& operations_;
  v1::Scenario& scenario_;
  Positions& positions_;
};

}  // namespace crosscall::scenario

#endif  // AGENT_SCENARIO_PARSE_CONDITIONS_H_
