#include "agent/scenario/text_reader.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "agent/scenario/limits.h"

namespace crosscall::scenario {
namespace {

constexpr absl::string_view kTargetForms = "1 or 1,3 or 1-3 or others or all or self or $name";

Word Part(const Word& word, std::size_t at, std::size_t size) {
  return {word.text.substr(at, size), {word.position.line, word.position.column + static_cast<int>(at)}};
}

bool IsDecimal(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isdigit(c); });
}

}  // namespace

bool TextReader::Fail(Position position, absl::string_view found, absl::string_view allowed) {
  if (status_.ok()) status_ = ErrorAt(file_, position, found, allowed);
  return false;
}

bool TextReader::Fail(const YamlNode& node, absl::string_view allowed) {
  return Fail(node.position, node.Describe(), allowed);
}

bool TextReader::Scalar(const YamlNode& node, absl::string_view allowed, Word& word) {
  if (node.kind != YamlNode::Kind::kScalar) return Fail(node, allowed);
  word = {node.scalar, {node.position.line, node.position.column + (node.quoted ? 1 : 0)}};
  return true;
}

std::vector<Word> TextReader::Words(const YamlNode& scalar) {
  std::vector<Word> words;
  const absl::string_view text = scalar.scalar;
  const Word whole{text, {scalar.position.line, scalar.position.column + (scalar.quoted ? 1 : 0)}};
  for (std::size_t at = 0; at < text.size();) {
    if (absl::ascii_isspace(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && !absl::ascii_isspace(text[end])) ++end;
    words.push_back(Part(whole, at, end - at));
    at = end;
  }
  return words;
}

bool TextReader::Parameter(const Word& word, std::int64_t& value) {
  const auto found = parameters_.find(word.text.substr(1));
  if (found == parameters_.end()) {
    const std::string known = absl::StrJoin(
        parameters_, ", ", [](std::string* out, const auto& parameter) { absl::StrAppend(out, "$", parameter.first); });
    return Fail(word.position, Quote(word.text),
                known.empty() ? "no parameter, since none is declared under params"
                              : absl::StrCat("a parameter declared under params: ", known));
  }
  value = found->second;
  return true;
}

bool TextReader::Number(const Word& word, absl::string_view what, std::uint64_t least, std::uint64_t most,
                        std::uint64_t& value) {
  const std::string allowed = absl::StrCat(what, " from ", least, " to ", most);
  if (absl::StartsWith(word.text, "$")) {
    std::int64_t signed_value = 0;
    if (!Parameter(word, signed_value)) return false;
    value = static_cast<std::uint64_t>(signed_value);
    if (signed_value < 0 || value < least || value > most) {
      return Fail(word.position, absl::StrCat(Quote(word.text), " = ", signed_value), allowed);
    }
    return true;
  }
  if (!IsDecimal(word.text) || !absl::SimpleAtoi(word.text, &value) || value < least || value > most) {
    return Fail(word.position, Quote(word.text), allowed);
  }
  return true;
}

bool TextReader::Cpu(const Word& word, std::uint32_t& cpu) {
  std::uint64_t value = 0;
  if (!Number(word, "a CPU", 0, kMaxScenarioCpus - 1, value)) return false;
  cpu = static_cast<std::uint32_t>(value);
  cpus_named_ = std::max(cpus_named_, cpu + 1);
  return true;
}

bool TextReader::Span(const Word& word, std::uint64_t& nanos) {
  if (absl::StartsWith(word.text, "$")) return Number(word, "a span in nanoseconds", 1, kMaxSpanNanos, nanos);
  const std::size_t digits = std::min(word.text.find_first_not_of("0123456789"), word.text.size());
  const absl::string_view unit = word.text.substr(digits);
  const std::uint64_t scale = unit == "ns"   ? 1
                              : unit == "us" ? 1000
                              : unit == "ms" ? 1'000'000
                              : unit == "s"  ? 1'000'000'000
                                             : 0;
  std::uint64_t count = 0;
  if (scale == 0 || !absl::SimpleAtoi(word.text.substr(0, digits), &count) || count == 0 ||
      count > kMaxSpanNanos / scale) {
    return Fail(word.position, Quote(word.text), "a span from 1ns to 60s, as 300ns, 20us, 5ms or 1s");
  }
  nanos = count * scale;
  return true;
}

bool TextReader::CpuRange(const Word& part, v1::Targets& targets) {
  const std::size_t dash = part.text.find('-');
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  if (part.text.empty() || !(absl::ascii_isdigit(part.text[0]) || part.text[0] == '$')) {
    return Fail(part.position, Quote(part.text), kTargetForms);
  }
  if (!Cpu(Part(part, 0, std::min(dash, part.text.size())), first)) return false;
  last = first;
  if (dash != absl::string_view::npos && !Cpu(Part(part, dash + 1, part.text.size()), last)) return false;
  if (last < first) return Fail(part.position, Quote(part.text), "a range whose first CPU is not above its last");
  for (std::uint32_t cpu = first; cpu <= last; ++cpu) {
    if (std::find(targets.cpus().begin(), targets.cpus().end(), cpu) != targets.cpus().end()) {
      return Fail(part.position, absl::StrCat("CPU ", cpu, " a second time"), "each CPU once");
    }
    targets.add_cpus(cpu);
  }
  return true;
}

bool TextReader::Targets(const Word& word, v1::Targets& targets) {
  if (word.text == "others" || word.text == "all" || word.text == "self") {
    targets.set_kind(word.text == "others" ? v1::Targets::KIND_OTHERS
                     : word.text == "all"  ? v1::Targets::KIND_ALL
                                           : v1::Targets::KIND_SELF);
    return true;
  }
  targets.set_kind(v1::Targets::KIND_LIST);
  for (std::size_t at = 0; at <= word.text.size();) {
    const std::size_t comma = std::min(word.text.find(',', at), word.text.size());
    if (!CpuRange(Part(word, at, comma - at), targets)) return false;
    at = comma + 1;
  }
  std::sort(targets.mutable_cpus()->begin(), targets.mutable_cpus()->end());
  return true;
}

bool TextReader::SingleTarget(const Word& word, v1::Targets& targets) {
  if (word.text == "self") {
    targets.set_kind(v1::Targets::KIND_SELF);
    return true;
  }
  std::uint32_t cpu = 0;
  if (!Cpu(word, cpu)) return false;
  targets.set_kind(v1::Targets::KIND_LIST);
  targets.add_cpus(cpu);
  return true;
}

}  // namespace crosscall::scenario
