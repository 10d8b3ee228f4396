#include "controller/cli/diagnosis_text.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "controller/cli/command.h"
#include "controller/cli/units.h"

namespace crosscall::cli {
namespace {

using D = v1::Diagnosis;

std::string PowerWord(D::Power power) {
  if (power == D::POWER_ON) return "on";
  return power == D::POWER_OFF ? "off" : "unknown";
}

std::string Switched(const D& diagnosis) {
  if (!diagnosis.switched()) return "no";
  const auto verified = [](bool is) { return is ? "read back" : "not read back"; };
  return absl::StrCat("yes; off ", verified(diagnosis.off_verified()), ", on ", verified(diagnosis.on_verified()));
}

}  // namespace

std::string DiagnosisText(const D& diagnosis) {
  const bool over = diagnosis.phase() == D::PHASE_ENDED;
  std::string out = FormatFacts({
      {"diagnosis", over ? diagnosis.conclusion()
                         : absl::StrCat("under way: ", EnumWords(D::Phase_Name(diagnosis.phase()), "PHASE_"))},
      {"because", diagnosis.reason()},
      {"begun", FormatInstant(diagnosis.start_time())},
      {"ordered by", diagnosis.ordered_by()},
      {"of attempt", diagnosis.attempt()},
      {"silent boot", diagnosis.boot_id()},
      {"power before", PowerWord(diagnosis.power_before())},
      {"switched", Switched(diagnosis)},
  });
  std::vector<std::vector<std::string>> rows;
  for (const v1::PowerStep& step : diagnosis.steps()) {
    rows.push_back({absl::StrCat("  ", FormatInstantExactly(step.time())), step.word(), step.result()});
  }
  if (!rows.empty()) absl::StrAppend(&out, "\n", FormatTable({{"  WHEN"}, {"STEP"}, {"RESULT"}}, rows));
  for (const v1::PowerStep& step : diagnosis.steps()) {
    // What a reading said is in its result.
    if (step.output().empty() || step.word() == "status") continue;
    absl::StrAppend(&out, "\n  ", step.word(), " said:\n");
    for (const absl::string_view line : absl::StrSplit(step.output(), '\n', absl::SkipEmpty())) {
      absl::StrAppend(&out, "    ", line, "\n");
    }
  }
  return out;
}

}  // namespace crosscall::cli
