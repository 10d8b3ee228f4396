#include "controller/cli/yaml_fields.h"

#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/shared/sanitize.h"

namespace crosscall::cli {
namespace {

constexpr std::size_t kShownBytes = 80;

absl::string_view KindOf(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Map:
      return "a map";
    case YAML::NodeType::Sequence:
      return "a list";
    case YAML::NodeType::Scalar:
      return "a single value";
    default:
      return "nothing";
  }
}

std::string Listed(const std::vector<YamlKey>& allowed) {
  return absl::StrJoin(allowed, ", ", [](std::string* out, const YamlKey& key) { absl::StrAppend(out, key.name); });
}

const YamlKey* FindKey(const std::vector<YamlKey>& allowed, absl::string_view name) {
  for (const YamlKey& key : allowed) {
    if (name == key.name || (!key.alias.empty() && name == key.alias)) return &key;
  }
  return nullptr;
}

// Where documents begin.
struct DocumentStarts : YAML::EventHandler {
  void OnDocumentStart(const YAML::Mark& mark) override { marks.push_back(mark); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
  std::vector<YAML::Mark> marks;
};

}  // namespace

absl::Status ErrorAt(const YamlPlace& place, absl::string_view text) {
  // yaml-cpp counts from 0, and has no place for a document without content.
  return absl::InvalidArgumentError(absl::StrCat(place.file, ":", std::max(place.mark.line, 0) + 1, ":",
                                                 std::max(place.mark.column, 0) + 1, ": ", text));
}

absl::Status Locate(const absl::Status& status, const YamlPlace& place) {
  if (status.ok()) return status;
  return absl::Status(status.code(), ErrorAt(place, status.message()).message());
}

absl::StatusOr<YAML::Node> LoadYaml(absl::string_view text, absl::string_view file) {
  try {
    const std::string content(text);
    std::istringstream stream(content);
    YAML::Parser parser(stream);
    DocumentStarts starts;
    // Two at most: of some texts that are not YAML the parser makes empty documents without end.
    while (starts.marks.size() < 2 && parser.HandleNextDocument(starts)) {
    }
    if (starts.marks.empty()) return ErrorAt({std::string(file), YAML::Mark()}, "the file has no content");
    if (starts.marks.size() > 1) {
      return ErrorAt({std::string(file), starts.marks[1]}, "found a second document; allowed: one a file");
    }
    return YAML::Load(content);
  } catch (const YAML::Exception& error) {
    return ErrorAt({std::string(file), error.mark}, absl::StrCat("not YAML: ", error.msg));
  }
}

absl::StatusOr<std::vector<YamlField>> ReadFields(const YAML::Node& node, absl::string_view file,
                                                  const std::vector<YamlKey>& allowed, absl::string_view what) {
  if (!node.IsMap()) {
    return ErrorAt({std::string(file), node.Mark()},
                   absl::StrCat("found ", KindOf(node), "; allowed: ", what, ", a map", allowed.empty() ? "" : " of ",
                                Listed(allowed)));
  }
  std::vector<YamlField> fields;
  std::map<std::string, int> first_lines;
  for (const auto& entry : node) {
    const YamlPlace place{std::string(file), entry.first.Mark()};
    const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : std::string(KindOf(entry.first));
    const YamlKey* key = FindKey(allowed, name);
    if (key == nullptr && !allowed.empty()) {
      return ErrorAt(place, absl::StrCat("unknown key \"", shared::CleanText(name, kShownBytes), "\" in ", what,
                                         "; allowed: ", Listed(allowed)));
    }
    const std::string canonical = key == nullptr ? name : std::string(key->name);
    const auto [first, inserted] = first_lines.emplace(canonical, place.mark.line + 1);
    if (!inserted) {
      return ErrorAt(place, absl::StrCat("duplicate key \"", name, "\" in ", what, ": first given in line ",
                                         first->second, "; keep one"));
    }
    // A missing value has its mark behind the key, often on another line: the key is the better place.
    if (entry.second.IsNull()) return ErrorAt(place, absl::StrCat("the key \"", name, "\" has no value"));
    fields.push_back({canonical, entry.first, entry.second});
  }
  return fields;
}

absl::StatusOr<std::string> ReadScalar(const YAML::Node& node, absl::string_view file, absl::string_view what) {
  if (node.IsScalar()) return node.Scalar();
  return ErrorAt({std::string(file), node.Mark()}, absl::StrCat("found ", KindOf(node), "; allowed: ", what));
}

absl::StatusOr<std::vector<YAML::Node>> ReadItems(const YAML::Node& node, absl::string_view file,
                                                  absl::string_view what) {
  if (!node.IsSequence()) return std::vector<YAML::Node>{node};
  std::vector<YAML::Node> items;
  for (const auto& item : node) items.push_back(item);
  if (items.empty()) {
    return ErrorAt({std::string(file), node.Mark()}, absl::StrCat("found an empty list; allowed: ", what));
  }
  return items;
}

}  // namespace crosscall::cli
