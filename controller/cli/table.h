// Columns aligned with spaces, for people.
//
// Pure, thread-safe. Widths count UTF-8 characters, so that a foreign host name does not shift its row.
#ifndef CONTROLLER_CLI_TABLE_H_
#define CONTROLLER_CLI_TABLE_H_

#include <string>
#include <vector>

namespace crosscall::cli {

enum class Align { kLeft, kRight };

struct TableColumn {
  std::string title;
  Align align = Align::kLeft;
};

// A header line, then one line a row; two spaces between columns, none at the end of a line. Every row has as many
// cells as there are columns. Newlines in cells become spaces.
std::string FormatTable(const std::vector<TableColumn>& columns, const std::vector<std::vector<std::string>>& rows);

}  // namespace crosscall::cli

#endif  // CONTROLLER_CLI_TABLE_H_
