#include "controller/cli/scenario_source.h"

#include <yaml-cpp/yaml.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "proto/shared/durable_file.h"
#include "proto/shared/resource_name.h"
#include "proto/shared/sanitize.h"
#include "proto/shared/validate.h"

namespace crosscall::cli {
namespace {

constexpr std::size_t kMaxFileBytes = 1024 * 1024;
constexpr std::uint32_t kMaxCpus = 1024;

}  // namespace

absl::StatusOr<std::string> ReadUserFile(const std::string& path) {
  absl::StatusOr<std::string> content = shared::ReadFile(path, kMaxFileBytes);
  if (content.ok()) return content;
  return absl::InvalidArgumentError(
      absl::StrCat("cannot use the file \"", path, "\": ", content.status().message(), "; check the path"));
}

absl::StatusOr<v1::ScenarioRef> ScenarioFromText(absl::string_view text, absl::string_view source) {
  if (text.size() > shared::kMaxScenarioTextBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(source, ": the scenario has ", text.size(), " bytes; allowed: ", shared::kMaxScenarioTextBytes));
  }
  v1::ScenarioRef scenario;
  scenario.set_text(text.data(), text.size());
  try {
    const YAML::Node root = YAML::Load(scenario.text());
    if (!root.IsMap() || !root["scenario"] || !root["scenario"].IsScalar()) {
      return absl::InvalidArgumentError(
          absl::StrCat(source, ": found no key `scenario`; a scenario begins with `scenario: its-id`"));
    }
    const std::string id = root["scenario"].Scalar();
    if (!shared::IsId(id)) {
      return absl::InvalidArgumentError(absl::StrCat(source, ":", root["scenario"].Mark().line + 1, ":",
                                                     root["scenario"].Mark().column + 1, ": scenario: found \"",
                                                     shared::CleanText(id, 80), "\"; allowed: [a-z0-9-]{1,63}"));
    }
    scenario.set_id(id);
    std::uint32_t cpus = 0;
    if (root["cpus"] && root["cpus"].IsScalar() && absl::SimpleAtoi(root["cpus"].Scalar(), &cpus) && cpus <= kMaxCpus) {
      scenario.set_cpu_count(cpus);
    }
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(source, ":", error.mark.line + 1, ":", error.mark.column + 1, ": not YAML: ", error.msg));
  }
  return scenario;
}

}  // namespace crosscall::cli
