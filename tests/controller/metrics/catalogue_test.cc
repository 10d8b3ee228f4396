// The exporter says what the catalogue has, in its words, and nothing else; and the manual shows the same.
#include "controller/metrics/catalogue.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "controller/metrics/exporter.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/controller/metrics/exposition_reader.h"
#include "tests/controller/metrics/promtool.h"
#include "tests/controller/metrics/snapshots.h"

namespace crosscall::metrics {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr LabSize kSmall = {.boards = 3, .models = 2, .implementations = 2, .pairs = 2};

class FixedClock final : public shared::Clock {
 public:
  absl::Duration Monotonic() const override { return absl::Seconds(5); }
  absl::Time Wall() const override { return kNow; }
};

std::vector<std::string> LabelsOf(const Metric& metric) {
  return {metric.labels.begin(), metric.labels.begin() + static_cast<std::ptrdiff_t>(metric.LabelCount())};
}

// What the catalogue has for a page at a level, in the form of what is read.
std::map<std::string, ReadFamily> Expected(Page page, Level level) {
  std::map<std::string, ReadFamily> families;
  for (const Metric* metric : Catalogue()) {
    if ((metric->page != page && metric->page != Page::kEvery) || !metric->IsAt(level)) continue;
    ReadFamily& family = families[metric->name];
    family.help = metric->help;
    family.type = std::string(KindName(metric->kind));
    family.labels.insert(LabelsOf(*metric));
  }
  return families;
}

void ExpectCatalogue(const std::string& text, Page page, Level level) {
  EXPECT_TRUE(PromtoolAccepts(text)) << text;
  const std::map<std::string, ReadFamily> exported = ReadExposition(text);
  const std::map<std::string, ReadFamily> expected = Expected(page, level);
  for (const auto& [name, family] : exported) {
    const auto known = expected.find(name);
    if (known == expected.end()) {
      ADD_FAILURE() << name << " is not in the catalogue for this page and level";
      continue;
    }
    EXPECT_EQ(family.type, known->second.type) << name;
    EXPECT_EQ(family.help, known->second.help) << name;
    EXPECT_EQ(family.labels, known->second.labels) << name;
  }
  for (const auto& [name, family] : expected) EXPECT_EQ(exported.count(name), 1U) << name << " is not exported";
}

TEST(CatalogueTest, IsExportedWholeAndNothingElseIs) {
  const FixedClock clock;
  const FullLab lab = MakeFullLab(kSmall);
  for (const Level level : kLevels) {
    SCOPED_TRACE(LevelName(level));
    ExporterOptions options{.build = {"0.1.0", "abc", "1.51"}, .detail = lab.detail};
    options.detail.level = level;
    const Exporter exporter(lab.AllSources(), clock, options);
    ExpectCatalogue(exporter.ControllerPage(), Page::kController, level);
    ExpectCatalogue(exporter.ResultsPage(), Page::kResults, level);
  }
}

TEST(CatalogueTest, NamesFollowTheConventions) {
  const std::set<std::string> kept = {"type", "cluster",  "env",     "stage",      "service", "region", "owner",
                                      "job",  "instance", "replica", "prometheus", "tenant",  "le",     "quantile"};
  for (const Metric* metric : Catalogue()) {
    const std::string name = metric->name;
    EXPECT_EQ(absl::EndsWith(name, "_total"), metric->kind == Kind::kCounter) << name;
    EXPECT_TRUE(absl::StartsWith(name, "crosscall_") || absl::StartsWith(name, "process_")) << name;
    EXPECT_TRUE(std::all_of(name.begin(), name.end(), [](char c) { return std::islower(c) || c == '_'; })) << name;
    EXPECT_THAT(std::string(metric->unit), AnyOf("1", "bool", "seconds", "bytes")) << name;
    if (std::string(metric->unit) == "seconds" || std::string(metric->unit) == "bytes") {
      EXPECT_THAT(name, HasSubstr(absl::StrCat("_", metric->unit))) << name;
    }
    for (const std::string& label : LabelsOf(*metric)) EXPECT_THAT(kept, Not(Contains(label))) << name;
    EXPECT_THAT(std::string(metric->help), EndsWith(".")) << name;
    EXPECT_THAT(std::string(metric->help), Not(AnyOf(HasSubstr("\n"), HasSubstr("|")))) << name;
  }
}

TEST(CatalogueTest, TheManualShowsIt) {
  std::ostringstream text;
  text << std::ifstream(CROSSCALL_DASHBOARDS "/README.md").rdbuf();
  const std::string manual = text.str();
  constexpr char kBegin[] = "<!-- metric catalogue: begin -->\n";
  constexpr char kEnd[] = "<!-- metric catalogue: end -->";
  const std::size_t begin = manual.find(kBegin);
  const std::size_t end = manual.find(kEnd);
  ASSERT_TRUE(begin != std::string::npos && end != std::string::npos && begin < end);
  EXPECT_EQ(manual.substr(begin + sizeof(kBegin) - 1, end - begin - sizeof(kBegin) + 1), CatalogueMarkdown())
      << "dashboards/catalogue.sh writes it anew";
}

}  // namespace
}  // namespace crosscall::metrics
