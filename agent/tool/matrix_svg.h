// A verdict matrix as a picture: one panel for each irq model, a row for each algorithm and policy. It stands for
// itself (no script, font or file beside it), follows the reader's light or dark scheme, and says by letters what it
// says by colours. Pure: the same matrix gives the same bytes.
#ifndef AGENT_TOOL_MATRIX_SVG_H_
#define AGENT_TOOL_MATRIX_SVG_H_

#include <string>

#include "agent/tool/verdict_matrix.h"

namespace crosscall::tool {

std::string MatrixSvg(const VerdictMatrix& matrix);

}  // namespace crosscall::tool

#endif  // AGENT_TOOL_MATRIX_SVG_H_
