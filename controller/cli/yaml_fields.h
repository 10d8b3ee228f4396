// Reading YAML with positions: every error says file:line:column, what was found and what is allowed.
//
// Unknown and duplicate keys are errors, since a misspelt axis would otherwise silently sweep something else.
// Pure; a YAML::Node is not thread-safe even for reading, so each caller loads its own.
#ifndef CONTROLLER_CLI_YAML_FIELDS_H_
#define CONTROLLER_CLI_YAML_FIELDS_H_

#include <yaml-cpp/yaml.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace crosscall::cli {

// A place in a file, for errors.
struct YamlPlace {
  std::string file;
  YAML::Mark mark;
};

absl::Status ErrorAt(const YamlPlace& place, absl::string_view text);
// The same code and text, with the place in front. OK stays OK.
absl::Status Locate(const absl::Status& status, const YamlPlace& place);

// Exactly one document. `file` is only a name.
absl::StatusOr<YAML::Node> LoadYaml(absl::string_view text, absl::string_view file);

struct YamlField {
  std::string key;  // the canonical one
  YAML::Node key_node;
  YAML::Node value;
};

// A key and the other spelling that means the same; empty if there is none.
struct YamlKey {
  absl::string_view name;
  absl::string_view alias;
};

// The fields of the map `node`, in order. Every key has a value, comes once (an alias counts as the same key) and is
// one of `allowed`; with an empty `allowed` the keys are the user's own.
absl::StatusOr<std::vector<YamlField>> ReadFields(const YAML::Node& node, absl::string_view file,
                                                  const std::vector<YamlKey>& allowed, absl::string_view what);

// The text of a scalar. Lists, maps and nothing at all are errors that say that `what` is wanted.
absl::StatusOr<std::string> ReadScalar(const YAML::Node& node, absl::string_view file, absl::string_view what);

// A list as its items, anything else as a list of itself. An empty list is an error.
absl::StatusOr<std::vector<YAML::Node>> ReadItems(const YAML::Node& node, absl::string_view file,
                                                  absl::string_view what);

}  // namespace crosscall::cli

#endif  // CONTROLLER_CLI_YAML_FIELDS_H_
