// Runs a query and hands each row to a reader.
#ifndef CONTROLLER_STORE_FOR_EACH_H_
#define CONTROLLER_STORE_FOR_EACH_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controller/store/connection.h"

namespace crosscall::store {

// `read(const Statement&)` returns a status; the first error ends the query.
template <class Read, class... Values>
absl::Status ForEach(Connection& connection, absl::string_view sql, Read read, const Values&... values) {
  absl::StatusOr<Statement> statement = connection.Prepare(sql);
  if (!statement.ok()) return statement.status();
  if (absl::Status status = statement->Bind(values...); !status.ok()) return status;
  for (;;) {
    absl::StatusOr<bool> row = statement->Step();
    if (!row.ok()) return row.status();
    if (!*row) return absl::OkStatus();
    if (absl::Status status = read(*statement); !status.ok()) return status;
  }
}

}  // namespace crosscall::store

#endif  // CONTROLLER_STORE_FOR_EACH_H_
