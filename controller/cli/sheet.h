// One listing, three forms: a table for people, CSV (quoted as RFC 4180 says, lines ended as Unix does) and JSON lines
// for scripts.
//
// CSV and JSON have the same columns under the same keys, with exact numbers; the table has titles and chosen units and
// may leave out columns that say nothing. Pure, not thread-safe.
#ifndef CONTROLLER_CLI_SHEET_H_
#define CONTROLLER_CLI_SHEET_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "controller/cli/table.h"

namespace crosscall::cli {

enum class Format { kTable, kCsv, kJson };

enum class Audience { kAll, kPeople, kScripts, kNobody };

struct SheetColumn {
  std::string key;    // for scripts
  std::string title;  // for people
  Align align = Align::kLeft;
  Audience audience = Audience::kAll;
};

// A value in its three forms.
class Cell {
 public:
  // Not there: "-" in tables, empty in CSV, null in JSON.
  Cell() : text_("-"), json_("null") {}
  static Cell Text(absl::string_view value);
  // `text` is for people and may be shorter than `value`.
  static Cell Text(absl::string_view value, absl::string_view text);
  static Cell Number(std::uint64_t value);
  static Cell Number(std::uint64_t value, absl::string_view text);
  static Cell Real(double value, absl::string_view text);
  static Cell Bool(bool value);
  // "0,1" in tables, "0 1" in CSV, [0,1] in JSON.
  static Cell Numbers(const std::vector<std::uint32_t>& values);

  const std::string& text() const { return text_; }
  const std::string& csv() const { return csv_; }
  const std::string& json() const { return json_; }

 private:
  Cell(std::string text, std::string csv, std::string json)
      : text_(std::move(text)), csv_(std::move(csv)), json_(std::move(json)) {}

  std::string text_;
  std::string csv_;
  std::string json_;
};

// `text` as a JSON string, quotes included.
std::string JsonString(absl::string_view text);

class Sheet {
 public:
  explicit Sheet(std::vector<SheetColumn> columns) : columns_(std::move(columns)) {}
  // One cell a column.
  void Add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }
  std::string Render(Format format) const;

 private:
  std::string RenderTable() const;
  std::string RenderCsv() const;
  std::string RenderJson() const;

  std::vector<SheetColumn> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace crosscall::cli

#endif  // CONTROLLER_CLI_SHEET_H_
