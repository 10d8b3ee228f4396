#include "controller/cli/sheet.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "proto/shared/check.h"

namespace crosscall::cli {
namespace {

std::string CsvField(absl::string_view text) {
  if (text.find_first_of(",\"\r\n") == absl::string_view::npos) return std::string(text);
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
}

bool ForPeople(const SheetColumn& column) {
  return column.audience == Audience::kAll || column.audience == Audience::kPeople;
}

bool ForScripts(const SheetColumn& column) {
  return column.audience == Audience::kAll || column.audience == Audience::kScripts;
}

}  // namespace

std::string JsonString(absl::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(&out, "\\u%04x", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

Cell Cell::Text(absl::string_view value) { return Text(value, value); }

Cell Cell::Text(absl::string_view value, absl::string_view text) {
  return Cell(text.empty() ? "-" : std::string(text), std::string(value), JsonString(value));
}

Cell Cell::Number(std::uint64_t value) { return Number(value, absl::StrCat(value)); }

Cell Cell::Number(std::uint64_t value, absl::string_view text) {
  return Cell(std::string(text), absl::StrCat(value), absl::StrCat(value));
}

Cell Cell::Real(double value, absl::string_view text) {
  if (!std::isfinite(value)) return Cell();
  const std::string exact = absl::StrFormat("%.17g", value);
  const std::string brief = absl::StrFormat("%.6g", value);
  // The shorter form where it means the same number.
  const std::string& number = std::stod(brief) == value ? brief : exact;
  return Cell(std::string(text), number, number);
}

Cell Cell::Bool(bool value) { return Cell(value ? "yes" : "no", value ? "true" : "false", value ? "true" : "false"); }

Cell Cell::Numbers(const std::vector<std::uint32_t>& values) {
  const std::string list = absl::StrJoin(values, ",");
  return Cell(list.empty() ? "-" : list, absl::StrJoin(values, " "), absl::StrCat("[", list, "]"));
}

std::string Sheet::Render(Format format) const {
  for (const std::vector<Cell>& row : rows_) {
    CROSSCALL_CHECK(row.size() == columns_.size(), "a row has another number of cells than there are columns");
  }
  switch (format) {
    case Format::kCsv:
      return RenderCsv();
    case Format::kJson:
      return RenderJson();
    case Format::kTable:
      break;
  }
  return RenderTable();
}

std::string Sheet::RenderTable() const {
  std::vector<TableColumn> columns;
  for (const SheetColumn& column : columns_) {
    if (ForPeople(column)) columns.push_back({column.title, column.align});
  }
  std::vector<std::vector<std::string>> rows;
  for (const std::vector<Cell>& row : rows_) {
    std::vector<std::string>& cells = rows.emplace_back();
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (ForPeople(columns_[i])) cells.push_back(row[i].text());
    }
  }
  return FormatTable(columns, rows);
}

std::string Sheet::RenderCsv() const {
  std::string out;
  absl::string_view separator;
  for (const SheetColumn& column : columns_) {
    if (!ForScripts(column)) continue;
    absl::StrAppend(&out, separator, column.key);
    separator = ",";
  }
  out += "\n";
  for (const std::vector<Cell>& row : rows_) {
    separator = "";
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (!ForScripts(columns_[i])) continue;
      absl::StrAppend(&out, separator, CsvField(row[i].csv()));
      separator = ",";
    }
    out += "\n";
  }
  return out;
}

std::string Sheet::RenderJson() const {
  std::string out;
  for (const std::vector<Cell>& row : rows_) {
    absl::string_view separator = "{";
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (!ForScripts(columns_[i])) continue;
      absl::StrAppend(&out, separator, JsonString(columns_[i].key), ":", row[i].json());
      separator = ",";
    }
    out += "}\n";
  }
  return out;
}

}  // namespace crosscall::cli
