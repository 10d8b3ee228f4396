#include "agent/tool/scenario_word.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "agent/scenario/catalogue.h"
#include "proto/shared/durable_file.h"
#include "proto/shared/validate.h"

namespace crosscall::tool {
namespace {

bool LooksLikeFile(const std::string& word) {
  return absl::StrContains(word, '/') || absl::EndsWith(word, ".yaml") || absl::EndsWith(word, ".yml");
}

}  // namespace

absl::StatusOr<LoadedScenario> LoadScenario(const std::string& word, const scenario::Overrides& overrides) {
  LoadedScenario loaded;
  const absl::StatusOr<const scenario::CatalogueEntry*> entry = scenario::FindScenario(word);
  std::error_code error;
  if (LooksLikeFile(word) || (!entry.ok() && std::filesystem::exists(word, error))) {
    absl::StatusOr<std::string> content = shared::ReadFile(word, shared::kMaxScenarioTextBytes);
    if (!content.ok()) return content.status();
    loaded.text = *std::move(content);
    loaded.source = word;
  } else {
    if (!entry.ok()) return entry.status();
    loaded.text = std::string((*entry)->yaml);
  }
  absl::StatusOr<v1::Scenario> parsed = scenario::ParseScenario(loaded.text, word, overrides);
  if (!parsed.ok()) return parsed.status();
  loaded.scenario = *std::move(parsed);
  return loaded;
}

}  // namespace crosscall::tool
