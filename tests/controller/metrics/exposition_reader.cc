#include "tests/controller/metrics/exposition_reader.h"

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"

namespace crosscall::metrics {
namespace {

// `text` begins behind `{`: names up to `}`, values being in quotes with backslash escapes.
std::vector<std::string> LabelNames(absl::string_view text) {
  std::vector<std::string> names;
  while (!text.empty() && text[0] != '}') {
    const std::size_t equals = text.find('=');
    if (equals == absl::string_view::npos) break;
    names.emplace_back(text.substr(0, equals));
    text.remove_prefix(equals + 2);
    while (!text.empty() && text[0] != '"') text.remove_prefix(text[0] == '\\' ? 2 : 1);
    text.remove_prefix(text.empty() ? 0 : 1);
    absl::ConsumePrefix(&text, ",");
  }
  return names;
}

std::string FamilyOf(absl::string_view name, const std::map<std::string, ReadFamily>& families) {
  for (const absl::string_view suffix : {"_bucket", "_sum", "_count"}) {
    const std::string base(absl::StripSuffix(name, suffix));
    if (const auto found = families.find(base);
        base != name && found != families.end() && found->second.type == "histogram") {
      return base;
    }
  }
  return std::string(name);
}

}  // namespace

std::map<std::string, ReadFamily> ReadExposition(const std::string& text) {
  std::map<std::string, ReadFamily> families;
  for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    if (absl::ConsumePrefix(&line, "# HELP ")) {
      const std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits(' ', 1));
      EXPECT_EQ(families.count(parts.at(0)), 0U) << "twice: " << parts[0];
      families[parts[0]].help = parts.at(1);
      continue;
    }
    if (absl::ConsumePrefix(&line, "# TYPE ")) {
      const std::vector<std::string> parts = absl::StrSplit(line, ' ');
      families[parts.at(0)].type = parts.at(1);
      continue;
    }
    const std::size_t end = line.find_first_of("{ ");
    const std::string family = FamilyOf(line.substr(0, end), families);
    if (families.count(family) == 0) {
      ADD_FAILURE() << "not announced: " << line;
      continue;
    }
    std::vector<std::string> labels;
    if (line[end] == '{') labels = LabelNames(line.substr(end + 1));
    if (!labels.empty() && labels.back() == "le") labels.pop_back();
    families[family].labels.insert(labels);
    ++families[family].series;
  }
  return families;
}

std::size_t CountSeries(const std::string& text) {
  std::size_t series = 0;
  for (const auto& [name, family] : ReadExposition(text)) {
    if (!absl::StartsWith(name, "crosscall_exporter_")) series += family.series;
  }
  return series;
}

}  // namespace crosscall::metrics
