// Scenarios by implementations: a verdict in each cell. As text, as JSON lines, as a picture (matrix_svg.h). Pure.
#ifndef AGENT_TOOL_VERDICT_MATRIX_H_
#define AGENT_TOOL_VERDICT_MATRIX_H_

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "agent/explore/verdict.h"
#include "agent/tool/explore_pairs.h"

namespace crosscall::tool {

struct VerdictMatrix {
  // All cells empty. `limits` says how far each cell was searched, in words.
  VerdictMatrix(const ExplorePlan& plan, std::string limits);

  // Nothing: was not searched.
  const std::optional<explore::Verdict>& at(std::size_t scenario, std::size_t implementation) const {
    return cells[scenario * implementations.size() + implementation];
  }

  std::vector<std::string> scenarios;
  std::vector<NamedImplementation> implementations;
  std::vector<std::optional<explore::Verdict>> cells;  // in the order of the plan's pairs
  std::string limits;
};

inline constexpr std::array kVerdictsShown = {explore::Verdict::kCompletes, explore::Verdict::kRefused,
                                              explore::Verdict::kDeadlock,  explore::Verdict::kLivelock,
                                              explore::Verdict::kViolation, explore::Verdict::kUnknown};

// C, R, D, L, V and ? in that order.
char VerdictLetter(explore::Verdict verdict);

// At most 120 columns: implementations are rows, scenarios are numbered columns, in blocks if they are many.
std::string MatrixText(const VerdictMatrix& matrix);

// One line an implementation: {"implementation":"...","verdicts":{"ring":"completes",...}}.
std::string MatrixJson(const VerdictMatrix& matrix);

}  // namespace crosscall::tool

#endif  // AGENT_TOOL_VERDICT_MATRIX_H_
