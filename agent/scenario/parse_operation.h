// From YAML to the operations of a body. Checks the form of each operation; what names mean is validate.h's.
#ifndef AGENT_SCENARIO_PARSE_OPERATION_H_
#define AGENT_SCENARIO_PARSE_OPERATION_H_

#include <string>
#include <unordered_map>

#include "agent/scenario/text_reader.h"
#include "agent/scenario/yaml_tree.h"
#include "crosscall/v1/scenario.pb.h"

namespace crosscall::scenario {

// Where the messages of a parsed scenario stood in the text, by address; good while the scenario is not moved.
using Positions = std::unordered_map<const void*, Position>;

class OperationParser {
 public:
  // Locks are added to `scenario` at their first use.
  OperationParser(TextReader& reader, v1::Scenario& scenario, Positions& positions)
      : reader_(reader), scenario_(scenario), positions_(positions) {}

  // A sequence of operations into `body`.
  bool ParseBody(const YamlNode& node, google::protobuf::RepeatedPtrField<v1::Operation>& body, int loops = 0);
  // [a-zA-Z_][a-zA-Z0-9_-]{0,62}, the form of lock, function and barrier names.
  bool Name(const Word& word, absl::string_view what, std::string& name);
  void DeclareLock(const std::string& name);

 private:
  bool ParseOperation(const YamlNode& node, v1::Operation& operation, int loops);
  bool ParseRepeat(const YamlNode& node, v1::Operation& operation, int loops);
  bool ParseWords(const YamlNode& node, v1::Operation& operation);
  bool ParseCall(const std::vector<Word>& words, v1::Operation& operation);
  bool ParseLock(const Word& word, v1::Operation& operation);

  TextReader& reader_;
  v1::Scenario& scenario_;
  Positions& positions_;
};

}  // namespace crosscall::scenario

#endif  // AGENT_SCENARIO_PARSE_OPERATION_H_
