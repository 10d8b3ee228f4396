// YAML text as a tree of scalars, sequences and maps that know their positions. The only file that touches yaml-cpp.
//
// Refused, with a position: what is not YAML, duplicate keys (yaml-cpp keeps both), keys that are no scalars, anchors,
// aliases and tags (a few bytes could otherwise stand for gigabytes), a second document, nesting deeper than
// kMaxYamlDepth. No exception leaves ParseYaml. Thread safety: pure.
#ifndef AGENT_SCENARIO_YAML_TREE_H_
#define AGENT_SCENARIO_YAML_TREE_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace crosscall::scenario {

inline constexpr int kMaxYamlDepth = 32;

// Line and column count from 1.
struct Position {
  int line = 1;
  int column = 1;
};

struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };

  Kind kind = Kind::kNull;
  Position position;
  std::string scalar;
  bool quoted = false;             // the scalar stood in quotes, so its text does not start at `position`
  std::vector<YamlNode> elements;  // of a sequence; of a map: key, value, key, value, ...

  // The value for `key` in a map, or null.
  const YamlNode* Find(absl::string_view key) const;
  // "a map", "a sequence", "nothing", or the scalar in quotes, shortened: for "found X".
  std::string Describe() const;
};

// `text` in quotes, escaped and cut to what fits a message.
std::string Quote(absl::string_view text);

// INVALID_ARGUMENT "file:line:column: found X; allowed Y".
absl::Status ErrorAt(absl::string_view file, Position position, absl::string_view found, absl::string_view allowed);

absl::StatusOr<YamlNode> ParseYaml(absl::string_view text, absl::string_view file);

}  // namespace crosscall::scenario

#endif  // AGENT_SCENARIO_YAML_TREE_H_
