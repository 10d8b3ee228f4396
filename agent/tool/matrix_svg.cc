#include "agent/tool/matrix_svg.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace crosscall::tool {
namespace {

using core::IrqModel;

// Units of the picture; at full width it is about as wide as a README.
constexpr int kMargin = 12;
constexpr int kCell = 14;  // of the grid; squares are a bit smaller
constexpr int kSquare = 13;
constexpr int kGroupGap = 6;    // between algorithms
constexpr int kLabels = 196;    // algorithm and policy
constexpr int kPolicyAt = 102;  // within the labels
constexpr int kNames = 104;     // height of the slanted column names
constexpr int kSlant = 56;      // how far the last name leans out
constexpr int kTitle = 40;
constexpr int kLegend = 46;
constexpr int kLegendStep = 96;

// Red and green differ in lightness too, and every cell has its letter.
constexpr char kStyle[] =
    "<style>\n"
    "text{font:11px ui-sans-serif,system-ui,sans-serif;fill:#1f2328}\n"
    ".title{font-size:15px;font-weight:600}.head{font-weight:600}.dim{fill:#59636e}\n"
    ".cells{font:600 9px ui-monospace,monospace;text-anchor:middle;fill:#1f2328}\n"
    ".C{fill:#b7e4c0}.R{fill:#b6d7f9}.D{fill:#f08a80}.L{fill:#f5b971}.V{fill:#c99cf0}.U{fill:#dfe3e8}\n"
    "@media (prefers-color-scheme:dark){\n"
    "text{fill:#e6edf3}.dim{fill:#9198a1}.cells{fill:#f0f6fc}\n"
    ".C{fill:#1c5a32}.R{fill:#1d4a80}.D{fill:#a3271f}.L{fill:#8a5210}.V{fill:#6b35a0}.U{fill:#3d444d}\n"
    "}\n"
    "</style>\n";

std::string Escape(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

std::string ClassOf(explore::Verdict verdict) {
  return verdict == explore::Verdict::kUnknown ? "U" : std::string(1, VerdictLetter(verdict));
}

std::string Text(int x, int y, absl::string_view style, absl::string_view text) {
  return absl::StrFormat("<text x=\"%d\" y=\"%d\"%s>%s</text>\n", x, y,
                         style.empty() ? "" : absl::StrCat(" class=\"", style, "\""), Escape(text));
}

std::string Square(int x, int y) { return absl::StrFormat("M%d %dh%dv%dh-%dz", x, y, kSquare, kSquare, kSquare); }

// A row of the picture, and its implementation in each panel, if it is there.
struct Row {
  core::AlgorithmKind algorithm;
  core::WaitPolicy policy;
  std::map<IrqModel, std::size_t> implementations;
  int y = 0;
};

class Picture {
 public:
  explicit Picture(const VerdictMatrix& matrix) : matrix_(matrix) {
    for (std::size_t i = 0; i < matrix.implementations.size(); ++i) Place(i);
    int y = kTitle + kNames;
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      if (r > 0 && rows_[r].algorithm != rows_[r - 1].algorithm) y += kGroupGap;
      rows_[r].y = y;
      y += kCell;
    }
    bottom_ = y;
  }

  std::string Draw() {
    const int grid = static_cast<int>(matrix_.scenarios.size()) * kCell;
    const int panels = static_cast<int>(panels_.size());
    const int legend = 2 * kMargin + kLegendStep * static_cast<int>(kVerdictsShown.size());
    const int width = std::max(kMargin + kLabels + panels * (grid + kSlant) + kMargin, legend);
    const int height = bottom_ + kLegend;
    std::string svg = absl::StrFormat(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\" "
        "aria-labelledby=\"t\">\n<title id=\"t\">Can it hang? Verdicts of crosscall explore</title>\n",
        width, height, width, height);
    absl::StrAppend(&svg, kStyle, Text(kMargin, 24, "title", "Can it hang? Scenarios by implementations"));
    DrawLabels(svg);
    int left = kMargin + kLabels;
    for (const IrqModel panel : panels_) {
      DrawPanel(panel, left, svg);
      left += grid + kSlant;
    }
    DrawLegend(svg);
    return svg + "</svg>\n";
  }

 private:
  void Place(std::size_t i) {
    const core::Implementation& implementation = matrix_.implementations[i].implementation;
    const auto same = std::find_if(rows_.begin(), rows_.end(), [&](const Row& row) {
      return row.algorithm == implementation.algorithm && row.policy == implementation.policy;
    });
    Row& row =
        same != rows_.end() ? *same : rows_.emplace_back(Row{implementation.algorithm, implementation.policy, {}});
    row.implementations[implementation.irq_model] = i;
    if (std::find(panels_.begin(), panels_.end(), implementation.irq_model) == panels_.end()) {
      panels_.push_back(implementation.irq_model);
    }
  }

  void DrawLabels(std::string& svg) const {
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      const int baseline = rows_[r].y + kSquare - 3;
      if (r == 0 || rows_[r].algorithm != rows_[r - 1].algorithm) {
        absl::StrAppend(
            &svg, Text(kMargin, baseline, "head", core::kAlgorithmNames[static_cast<std::size_t>(rows_[r].algorithm)]));
      }
      absl::StrAppend(
          &svg, Text(kMargin + kPolicyAt, baseline, "", core::kPolicyNames[static_cast<std::size_t>(rows_[r].policy)]));
    }
  }

  void DrawPanel(IrqModel panel, int left, std::string& svg) const {
    absl::StrAppend(&svg, Text(left, kTitle, "head", core::kIrqModelNames[static_cast<std::size_t>(panel)]));
    for (std::size_t s = 0; s < matrix_.scenarios.size(); ++s) {
      absl::StrAppend(&svg, absl::StrFormat("<text transform=\"translate(%d %d) rotate(-60)\">%s</text>\n",
                                            left + static_cast<int>(s) * kCell + 9, kTitle + kNames - 4,
                                            Escape(matrix_.scenarios[s])));
    }
    std::map<explore::Verdict, std::string> squares;
    std::string letters;
    for (const Row& row : rows_) DrawRow(row, panel, left, squares, letters);
    for (const auto& [verdict, path] : squares) {
      absl::StrAppend(&svg, "<path class=\"", ClassOf(verdict), "\" d=\"", path, "\"/>\n");
    }
    absl::StrAppend(&svg, letters);
  }

  // One text for the letters of a row, so that it can be selected as a word.
  void DrawRow(const Row& row, IrqModel panel, int left, std::map<explore::Verdict, std::string>& squares,
               std::string& letters) const {
    const auto implementation = row.implementations.find(panel);
    if (implementation == row.implementations.end()) return;
    absl::StrAppend(&letters, "<text class=\"cells\" y=\"", row.y + kSquare - 3, "\">");
    for (std::size_t s = 0; s < matrix_.scenarios.size(); ++s) {
      const std::optional<explore::Verdict>& cell = matrix_.at(s, implementation->second);
      if (!cell) continue;
      const int x = left + static_cast<int>(s) * kCell;
      squares[*cell] += Square(x, row.y);
      absl::StrAppend(&letters, "<tspan x=\"", x + kSquare / 2.0, "\">", std::string(1, VerdictLetter(*cell)),
                      "</tspan>");
    }
    absl::StrAppend(&letters, "</text>\n");
  }

  void DrawLegend(std::string& svg) const {
    int x = kMargin;
    const int y = bottom_ + 8;
    for (const explore::Verdict verdict : kVerdictsShown) {
      absl::StrAppend(&svg, "<path class=\"", ClassOf(verdict), "\" d=\"", Square(x, y), "\"/>\n");
      absl::StrAppend(&svg, "<text class=\"cells\" x=\"", x + kSquare / 2.0, "\" y=\"", y + kSquare - 3, "\">",
                      std::string(1, VerdictLetter(verdict)), "</text>\n");
      absl::StrAppend(&svg, Text(x + kCell + 4, y + kSquare - 3, "", explore::VerdictName(verdict)));
      x += kLegendStep;
    }
    absl::StrAppend(&svg, Text(kMargin, y + kSquare + 15, "dim", matrix_.limits));
  }

  const VerdictMatrix& matrix_;
  std::vector<Row> rows_;
  std::vector<IrqModel> panels_;
  int bottom_ = 0;
};

}  // namespace

std::string MatrixSvg(const VerdictMatrix& matrix) { return Picture(matrix).Draw(); }

}  // namespace crosscall::tool
