#include "controller/cli/table.h"

#include <algorithm>

#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "proto/shared/check.h"

namespace crosscall::cli {
namespace {

std::size_t Width(absl::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

void AppendLine(const std::vector<TableColumn>& columns, const std::vector<std::size_t>& widths,
                const std::vector<std::string>& cells, std::string& out) {
  std::string line;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::string pad(widths[i] - Width(cells[i]), ' ');
    if (i != 0) line += "  ";
    line += columns[i].align == Align::kRight ? pad + cells[i] : cells[i] + pad;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  out += line;
  out += '\n';
}

}  // namespace

std::string FormatTable(const std::vector<TableColumn>& columns, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::vector<std::string>> lines(1);
  for (const TableColumn& column : columns) lines[0].push_back(column.title);
  for (const std::vector<std::string>& row : rows) {
    CROSSCALL_CHECK(row.size() == columns.size(), "a row has another number of cells than there are columns");
    std::vector<std::string>& cells = lines.emplace_back();
    for (const std::string& cell : row) cells.push_back(absl::StrReplaceAll(cell, {{"\n", " "}, {"\t", " "}}));
  }
  std::vector<std::size_t> widths(columns.size(), 0);
  for (const std::vector<std::string>& cells : lines) {
    for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], Width(cells[i]));
  }
  std::string out;
  for (const std::vector<std::string>& cells : lines) AppendLine(columns, widths, cells, out);
  return out;
}

}  // namespace crosscall::cli
