#include "agent/scenario/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <exception>
#include <set>
#include <sstream>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace crosscall::scenario {
namespace {

constexpr std::size_t kMaxQuotedBytes = 60;

Position At(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

// What a handler throws to leave yaml-cpp's parser; caught in ParseYaml.
struct Refused : std::exception {
  Refused(Position at, std::string what_found, std::string what_allowed)
      : position(at), found(std::move(what_found)), allowed(std::move(what_allowed)) {}
  Position position;
  std::string found;
  std::string allowed;
};

class TreeBuilder : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) throw Refused(At(mark), "a second document", "one scenario a file");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    RefuseAnchor(mark, anchor);
    Add(YamlNode{YamlNode::Kind::kNull, At(mark), {}, false, {}});
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Refused(At(mark), "an alias", "values written out; YAML aliases are not used here");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    RefuseAnchor(mark, anchor);
    if (IsExplicit(tag)) RefuseTag(mark, tag);
    Add(YamlNode{YamlNode::Kind::kScalar, At(mark), value, tag == "!", {}});
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(YamlNode::Kind::kSequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(YamlNode::Kind::kMap, mark, tag, anchor);
  }
  void OnMapEnd() override {
    CheckKeys(open_.back());
    Close();
  }

  bool empty() const { return documents_ == 0; }
  YamlNode Take() { return std::move(root_); }

 private:
  static void RefuseAnchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) throw Refused(At(mark), "an anchor", "values written out; YAML anchors are not used here");
  }
  static void RefuseTag(const YAML::Mark& mark, const std::string& tag) {
    throw Refused(At(mark), absl::StrCat("the tag ", Quote(tag)), "plain values without YAML tags");
  }
  // yaml-cpp gives plain scalars the tag "?" and quoted ones "!".
  static bool IsExplicit(const std::string& tag) { return tag != "?" && tag != "!" && !tag.empty(); }

  void Open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    RefuseAnchor(mark, anchor);
    if (IsExplicit(tag)) RefuseTag(mark, tag);
    if (open_.size() >= kMaxYamlDepth) {
      throw Refused(At(mark), absl::StrCat("nesting deeper than ", kMaxYamlDepth),
                    absl::StrCat(kMaxYamlDepth, " levels"));
    }
    open_.push_back(YamlNode{kind, At(mark), {}, false, {}});
  }
  void Close() {
    YamlNode done = std::move(open_.back());
    open_.pop_back();
    Add(std::move(done));
  }
  void Add(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
    } else {
      open_.back().elements.push_back(std::move(node));
    }
  }
  static void CheckKeys(const YamlNode& map) {
    std::set<absl::string_view> seen;
    for (std::size_t i = 0; i + 1 < map.elements.size(); i += 2) {
      const YamlNode& key = map.elements[i];
      if (key.kind != YamlNode::Kind::kScalar) throw Refused(key.position, key.Describe(), "a name as key");
      if (!seen.insert(key.scalar).second) {
        throw Refused(key.position, absl::StrCat("the key ", Quote(key.scalar), " a second time"), "each key once");
      }
    }
  }

  int documents_ = 0;
  std::vector<YamlNode> open_;
  YamlNode root_;
};

}  // namespace

std::string Quote(absl::string_view text) {
  const bool cut = text.size() > kMaxQuotedBytes;
  return absl::StrCat("'", absl::Utf8SafeCEscape(text.substr(0, kMaxQuotedBytes)), cut ? "..." : "", "'");
}

const YamlNode* YamlNode::Find(absl::string_view key) const {
  for (std::size_t i = 0; kind == Kind::kMap && i + 1 < elements.size(); i += 2) {
    if (elements[i].scalar == key) return &elements[i + 1];
  }
  return nullptr;
}

std::string YamlNode::Describe() const {
  switch (kind) {
    case Kind::kNull:
      return "nothing";
    case Kind::kScalar:
      return Quote(scalar);
    case Kind::kSequence:
      return "a sequence";
    case Kind::kMap:
      return "a map";
  }
  return "nothing";
}

absl::Status ErrorAt(absl::string_view file, Position position, absl::string_view found, absl::string_view allowed) {
  return absl::InvalidArgumentError(
      absl::StrCat(file, ":", position.line, ":", position.column, ": found ", found, "; allowed ", allowed));
}

absl::StatusOr<YamlNode> ParseYaml(absl::string_view text, absl::string_view file) {
  std::istringstream stream(absl::StrCat(text));
  TreeBuilder builder;
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Refused& refused) {
    return ErrorAt(file, refused.position, refused.found, refused.allowed);
  } catch (const YAML::Exception& error) {
    return ErrorAt(file, At(error.mark), absl::StrCat("text that is not YAML (", error.msg, ")"),
                   "a scenario in YAML; a text that begins with * or & stands in quotes");
  } catch (const std::exception& error) {
    return ErrorAt(file, Position{}, absl::StrCat("text that is not YAML (", error.what(), ")"), "a scenario in YAML");
  }
  if (builder.empty()) return ErrorAt(file, Position{}, "an empty text", "a scenario in YAML");
  return builder.Take();
}

}  // namespace crosscall::scenario
