#include "agent/scenario/catalogue.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/scenario/catalogue_texts.h"
#include "agent/scenario/parse.h"
#include "agent/scenario/yaml_tree.h"
#include "proto/shared/check.h"

namespace crosscall::scenario {
namespace {

std::vector<CatalogueEntry> Load() {
  std::vector<CatalogueEntry> entries;
  for (std::size_t i = 0; i < kCatalogueTextCount; ++i) {
    const CatalogueText& text = kCatalogueTexts[i];
    const absl::StatusOr<v1::Scenario> scenario = ParseScenario(text.yaml, absl::StrCat(text.id, ".yaml"));
    CROSSCALL_CHECK(scenario.ok(), scenario.status().ToString());
    CROSSCALL_CHECK(scenario->id() == text.id, text.id);
    entries.push_back(CatalogueEntry{scenario->id(), scenario->about(), text.yaml});
  }
  std::sort(entries.begin(), entries.end(),
            [](const CatalogueEntry& a, const CatalogueEntry& b) { return a.id < b.id; });
  return entries;
}

}  // namespace

const std::vector<CatalogueEntry>& Catalogue() {
  // Never destroyed, so that code that runs at exit may still read it.
  static const auto* const entries = new std::vector<CatalogueEntry>(Load());
  return *entries;
}

absl::StatusOr<const CatalogueEntry*> FindScenario(absl::string_view id) {
  for (const CatalogueEntry& entry : Catalogue()) {
    if (entry.id == id) return &entry;
  }
  return absl::NotFoundError(absl::StrCat(
      "no built-in scenario ", Quote(id), "; there are: ",
      absl::StrJoin(Catalogue(), ", ", [](std::string* out, const CatalogueEntry& entry) { out->append(entry.id); })));
}

}  // namespace crosscall::scenario
