#include "agent/scenario/parse_operation.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent/scenario/limits.h"
#include "agent/scenario/names.h"
#include "agent/scenario/ops.h"

namespace crosscall::scenario {
namespace {

using Kind = v1::Operation;

struct Form {
  absl::string_view word;
  v1::Operation::Kind kind;
  std::size_t words;  // of the whole operation
  absl::string_view shape;
};

constexpr Form kForms[] = {
    {"irq_off", Kind::KIND_IRQ_OFF, 1, "irq_off"},
    {"irq_on", Kind::KIND_IRQ_ON, 1, "irq_on"},
    {"lock", Kind::KIND_LOCK, 2, "lock NAME"},
    {"unlock", Kind::KIND_UNLOCK, 2, "unlock NAME"},
    {"lock_irqsave", Kind::KIND_LOCK_IRQSAVE, 2, "lock_irqsave NAME"},
    {"unlock_irqrestore", Kind::KIND_UNLOCK_IRQRESTORE, 2, "unlock_irqrestore NAME"},
    {"call", Kind::KIND_CALL_WAIT, 4, "call TARGETS FUNCTION wait|nowait"},
    {"call_async", Kind::KIND_CALL_ASYNC, 3, "call_async CPU FUNCTION"},
    {"run_on", Kind::KIND_RUN_ON_WAIT, 4, "run_on TARGETS FUNCTION wait|nowait"},
    {"wait_all", Kind::KIND_WAIT_ALL, 1, "wait_all"},
    {"work", Kind::KIND_WORK, 2, "work SPAN"},
    {"idle", Kind::KIND_IDLE, 2, "idle SPAN"},
    {"barrier", Kind::KIND_BARRIER, 2, "barrier NAME"},
    {"offline", Kind::KIND_OFFLINE, 1, "offline"},
    {"online", Kind::KIND_ONLINE, 1, "online"},
};

std::string AllWords() {
  std::string all;
  for (const Form& form : kForms) absl::StrAppend(&all, form.word, ", ");
  return absl::StrCat(all, "{repeat: N, do: [...]}");
}

const Form* FindForm(absl::string_view word) {
  const auto found = std::find_if(std::begin(kForms), std::end(kForms), [&](const Form& f) { return f.word == word; });
  return found == std::end(kForms) ? nullptr : found;
}

}  // namespace

bool OperationParser::Name(const Word& word, absl::string_view what, std::string& name) {
  if (!IsName(word.text)) return reader_.Fail(word.position, Quote(word.text), absl::StrCat(what, ", ", kNameForm));
  name = absl::StrCat(word.text);
  return true;
}

void OperationParser::DeclareLock(const std::string& name) {
  const auto& locks = scenario_.locks();
  if (std::find(locks.begin(), locks.end(), name) == locks.end()) scenario_.add_locks(name);
}

bool OperationParser::ParseBody(const YamlNode& node, google::protobuf::RepeatedPtrField<v1::Operation>& body,
                                int loops) {
  if (node.kind != YamlNode::Kind::kSequence) {
    return reader_.Fail(node, "a sequence of operations, as [lock L, call 1 f wait, unlock L]");
  }
  if (node.elements.size() > kMaxBodyOperations) {
    return reader_.Fail(node.position, absl::StrCat(node.elements.size(), " operations"),
                        absl::StrCat("at most ", kMaxBodyOperations, " in one body; use repeat"));
  }
  for (const YamlNode& element : node.elements) {
    if (!ParseOperation(element, *body.Add(), loops)) return false;
  }
  return true;
}

bool OperationParser::ParseOperation(const YamlNode& node, v1::Operation& operation, int loops) {
  positions_[&operation] = node.position;
  operation.set_line(static_cast<std::uint32_t>(node.position.line));
  if (node.kind == YamlNode::Kind::kMap) return ParseRepeat(node, operation, loops);
  if (node.kind == YamlNode::Kind::kScalar) return ParseWords(node, operation);
  return reader_.Fail(node, absl::StrCat("an operation: ", AllWords()));
}

bool OperationParser::ParseRepeat(const YamlNode& node, v1::Operation& operation, int loops) {
  for (std::size_t i = 0; i + 1 < node.elements.size(); i += 2) {
    const YamlNode& key = node.elements[i];
    if (key.scalar != "repeat" && key.scalar != "do") return reader_.Fail(key, "the keys repeat and do");
  }
  const YamlNode* const count = node.Find("repeat");
  const YamlNode* const body = node.Find("do");
  if (count == nullptr || body == nullptr) {
    return reader_.Fail(node.position, absl::StrCat("a map without ", count == nullptr ? "repeat" : "do"),
                        "{repeat: N, do: [...]}");
  }
  if (loops == static_cast<int>(kMaxLoopDepth)) {
    return reader_.Fail(node.position, absl::StrCat("a repeat inside ", loops, " others"),
                        absl::StrCat("repeats nested ", kMaxLoopDepth, " deep"));
  }
  Word word;
  std::uint64_t value = 0;
  if (!reader_.Scalar(*count, "a number of iterations", word)) return false;
  if (!reader_.Number(word, "a number of iterations", 1, kMaxCount, value)) return false;
  operation.set_kind(Kind::KIND_REPEAT);
  operation.set_count(value);
  return ParseBody(*body, *operation.mutable_body(), loops + 1);
}

bool OperationParser::ParseWords(const YamlNode& node, v1::Operation& operation) {
  const std::vector<Word> words = TextReader::Words(node);
  const Form* const form = words.empty() ? nullptr : FindForm(words[0].text);
  if (form == nullptr) {
    const Position at = words.empty() ? node.position : words[0].position;
    return reader_.Fail(at, Quote(words.empty() ? absl::string_view() : words[0].text),
                        absl::StrCat("an operation: ", AllWords()));
  }
  if (words.size() != form->words) {
    // A list of CPUs without quotes is the likely cause: YAML ends the text at the comma.
    const bool cut = words.size() == 2 && !node.quoted && absl::StrContains(form->shape, "TARGETS");
    return reader_.Fail(node,
                        absl::StrCat(form->shape, cut ? "; inside [...] a text with a comma stands in quotes" : ""));
  }
  operation.set_kind(form->kind);
  switch (form->kind) {
    case Kind::KIND_CALL_WAIT:
    case Kind::KIND_RUN_ON_WAIT:
    case Kind::KIND_CALL_ASYNC:
      return ParseCall(words, operation);
    case Kind::KIND_WORK:
    case Kind::KIND_IDLE: {
      std::uint64_t nanos = 0;
      if (!reader_.Span(words[1], nanos)) return false;
      operation.set_duration_nanos(nanos);
      return true;
    }
    case Kind::KIND_BARRIER:
      return Name(words[1], "the name of a barrier", *operation.mutable_barrier());
    default:
      return words.size() == 1 || ParseLock(words[1], operation);
  }
}

bool OperationParser::ParseCall(const std::vector<Word>& words, v1::Operation& operation) {
  const bool async = operation.kind() == Kind::KIND_CALL_ASYNC;
  v1::Targets& targets = *operation.mutable_targets();
  if (async ? !reader_.SingleTarget(words[1], targets) : !reader_.Targets(words[1], targets)) return false;
  if (!Name(words[2], "the name of a function", *operation.mutable_function())) return false;
  if (async) return true;
  const bool nowait = words[3].text == "nowait";
  if (!nowait && words[3].text != "wait")
    return reader_.Fail(words[3].position, Quote(words[3].text), "wait or nowait");
  if (nowait) {
    operation.set_kind(operation.kind() == Kind::KIND_CALL_WAIT ? Kind::KIND_CALL_NOWAIT : Kind::KIND_RUN_ON_NOWAIT);
  }
  return true;
}

bool OperationParser::ParseLock(const Word& word, v1::Operation& operation) {
  if (!Name(word, "the name of a lock", *operation.mutable_lock())) return false;
  DeclareLock(operation.lock());
  return true;
}

}  // namespace crosscall::scenario
