#include "agent/tool/verdict_matrix.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "proto/shared/json.h"

namespace crosscall::tool {
namespace {

// As many columns of three characters as fit beside the longest name.
constexpr std::size_t kColumnsOfBlock = (120 - core::kImplementationNameBytes) / 3;

void AppendBlock(const VerdictMatrix& matrix, std::size_t begin, std::size_t end, std::size_t width,
                 std::string& text) {
  absl::StrAppend(&text, std::string(width, ' '));
  for (std::size_t s = begin; s < end; ++s) absl::StrAppend(&text, absl::StrFormat("%3d", s + 1));
  absl::StrAppend(&text, "\n");
  for (std::size_t i = 0; i < matrix.implementations.size(); ++i) {
    absl::StrAppend(&text, absl::StrFormat("%-*s", static_cast<int>(width), matrix.implementations[i].id));
    for (std::size_t s = begin; s < end; ++s) {
      const std::optional<explore::Verdict>& cell = matrix.at(s, i);
      absl::StrAppend(&text, "  ", std::string(1, cell ? VerdictLetter(*cell) : ' '));
    }
    text.erase(text.find_last_not_of(' ') + 1);
    absl::StrAppend(&text, "\n");
  }
}

}  // namespace

VerdictMatrix::VerdictMatrix(const ExplorePlan& plan, std::string limits_of_cells)
    : implementations(plan.implementations), cells(plan.size()), limits(std::move(limits_of_cells)) {
  for (const LoadedScenario& loaded : plan.scenarios) scenarios.push_back(loaded.scenario.id());
}

char VerdictLetter(explore::Verdict verdict) {
  constexpr char kLetters[kVerdictsShown.size() + 1] = "CRDLV?";
  return kLetters[std::find(kVerdictsShown.begin(), kVerdictsShown.end(), verdict) - kVerdictsShown.begin()];
}

std::string MatrixText(const VerdictMatrix& matrix) {
  std::size_t width = 0;
  for (const NamedImplementation& named : matrix.implementations) width = std::max(width, named.id.size());
  std::string text;
  for (std::size_t begin = 0; begin < matrix.scenarios.size(); begin += kColumnsOfBlock) {
    AppendBlock(matrix, begin, std::min(begin + kColumnsOfBlock, matrix.scenarios.size()), width, text);
    absl::StrAppend(&text, "\n");
  }
  for (std::size_t s = 0; s < matrix.scenarios.size(); ++s) {
    absl::StrAppend(&text, absl::StrFormat("%3d %s\n", s + 1, matrix.scenarios[s]));
  }
  const std::string letters = absl::StrJoin(kVerdictsShown, ", ", [](std::string* out, explore::Verdict verdict) {
    absl::StrAppend(out, std::string(1, VerdictLetter(verdict)), " ", explore::VerdictName(verdict));
  });
  absl::StrAppend(&text, "\n", letters, "; blank: not searched\n", matrix.limits, "\n");
  return text;
}

std::string MatrixJson(const VerdictMatrix& matrix) {
  std::string lines;
  for (std::size_t i = 0; i < matrix.implementations.size(); ++i) {
    shared::Json json;
    json.BeginObject().Key("implementation").String(matrix.implementations[i].id).Key("verdicts").BeginObject();
    for (std::size_t s = 0; s < matrix.scenarios.size(); ++s) {
      const std::optional<explore::Verdict>& cell = matrix.at(s, i);
      json.Key(matrix.scenarios[s]);
      if (cell) {
        json.String(explore::VerdictName(*cell));
      } else {
        json.Null();
      }
    }
    absl::StrAppend(&lines, json.EndObject().EndObject().Take(), "\n");
  }
  return lines;
}

}  // namespace crosscall::tool
