// The small words of a scenario: names, numbers, spans, CPU sets, each with its position. Keeps the first error.
//
// Members that read return false after an error; the caller passes that on and the parser ends with status(). `$name`
// stands for the value of a parameter. Not thread-safe: one a text.
#ifndef AGENT_SCENARIO_TEXT_READER_H_
#define AGENT_SCENARIO_TEXT_READER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "agent/scenario/yaml_tree.h"
#include "crosscall/v1/scenario.pb.h"

namespace crosscall::scenario {

// A word of a scalar, and where it stands.
struct Word {
  absl::string_view text;
  Position position;
};

class TextReader {
 public:
  explicit TextReader(absl::string_view file) : file_(file) {}

  const std::string& file() const { return file_; }
  const absl::Status& status() const { return status_; }
  // Keeps the error if it is the first. Returns false.
  bool Fail(Position position, absl::string_view found, absl::string_view allowed);
  bool Fail(const YamlNode& node, absl::string_view allowed);

  void SetParameter(const std::string& name, std::int64_t value) { parameters_[name] = value; }
  const std::map<std::string, std::int64_t, std::less<>>& parameters() const { return parameters_; }
  // One more than the highest CPU read so far; 0 if none was.
  std::uint32_t cpus_named() const { return cpus_named_; }

  // The whole text of a scalar as one word; fails on anything else.
  bool Scalar(const YamlNode& node, absl::string_view allowed, Word& word);
  // The words of a scalar, split at spaces.
  static std::vector<Word> Words(const YamlNode& scalar);

  // A number between `least` and `most`, or a parameter with such a value. `what` names it: "a CPU".
  bool Number(const Word& word, absl::string_view what, std::uint64_t least, std::uint64_t most, std::uint64_t& value);
  // A scenario CPU, below the limit of the language.
  bool Cpu(const Word& word, std::uint32_t& cpu);
  // 300ns, 20us, 5ms, 1s, or a parameter that counts nanoseconds.
  bool Span(const Word& word, std::uint64_t& nanos);
  // 1 | 1,3 | 1-3 | others | all | self | $name
  bool Targets(const Word& word, v1::Targets& targets);
  // CPU | self | $name
  bool SingleTarget(const Word& word, v1::Targets& targets);

 private:
  bool Parameter(const Word& word, std::int64_t& value);
  bool CpuRange(const Word& part, v1::Targets& targets);

  const std::string file_;
  absl::Status status_;
  std::map<std::string, std::int64_t, std::less<>> parameters_;
  std::uint32_t cpus_named_ = 0;
};

}  // namespace crosscall::scenario

#endif  // AGENT_SCENARIO_TEXT_READER_H_
