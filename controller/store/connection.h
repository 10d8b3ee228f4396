// A SQLite connection and its statements, with errors as statuses. Not thread-safe: the owner guards it.
#ifndef CONTROLLER_STORE_CONNECTION_H_
#define CONTROLLER_STORE_CONNECTION_H_

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace crosscall::store {

// The bytes of a BLOB parameter.
struct Blob {
  absl::string_view bytes;
};

// A prepared statement in use: bind in order, step, read columns. Its destructor makes it ready for the next user.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // Binds all parameters, from the first. Strings are copied by SQLite. An empty optional text is bound as text, not
  // NULL.
  template <class... Values>
  absl::Status Bind(const Values&... values) {
    absl::Status status;
    int index = 0;
    ((status.ok() ? void(status = BindAt(++index, values)) : void()), ...);
    return status;
  }

  // True if there is a row.
  absl::StatusOr<bool> Step();
  // For statements without rows.
  absl::Status Run();

  std::int64_t Int(int column) const { return sqlite3_column_int64(statement_, column); }
  double Real(int column) const { return sqlite3_column_double(statement_, column); }
  std::string Bytes(int column) const;
  absl::Time Time(int column) const { return absl::FromUnixNanos(Int(column)); }
  bool IsNull(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  // DATA_LOSS if the column is not a serialized `message`.
  template <class Message>
  absl::Status Parse(int column, Message& message) const {
    const int size = sqlite3_column_bytes(statement_, column);
    if (message.ParseFromArray(sqlite3_column_blob(statement_, column), size)) return absl::OkStatus();
    return DamagedMessage(message.GetTypeName(), column);
  }

 private:
  friend class Connection;
  Statement(sqlite3* database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}

  absl::Status BindAt(int index, std::int64_t value);
  absl::Status BindAt(int index, std::uint64_t value) { return BindAt(index, static_cast<std::int64_t>(value)); }
  absl::Status BindAt(int index, int value) { return BindAt(index, std::int64_t{value}); }
  absl::Status BindAt(int index, std::uint32_t value) { return BindAt(index, std::int64_t{value}); }
  absl::Status BindAt(int index, bool value) { return BindAt(index, std::int64_t{value ? 1 : 0}); }
  absl::Status BindAt(int index, double value);
  absl::Status BindAt(int index, absl::string_view value);
  absl::Status BindAt(int index, const std::string& value) { return BindAt(index, absl::string_view(value)); }
  absl::Status BindAt(int index, Blob value);
  absl::Status BindAt(int index, absl::Time value) { return BindAt(index, absl::ToUnixNanos(value)); }
  absl::Status DamagedMessage(const std::string& type, int column) const;
  absl::Status Check(int code) const;

  sqlite3* database_;
  sqlite3_stmt* statement_;
};

class Connection {
 public:
  enum class Mode { kReadWrite, kReadOnly };

  // Opens or, for kReadWrite, makes the file; foreign keys are enforced.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const std::string& path, Mode mode);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Prepared once and kept. `sql` must not be in use already.
  absl::StatusOr<Statement> Prepare(absl::string_view sql);
  // Runs statements that return nothing of interest.
  absl::Status Execute(const std::string& sql);
  // The single number that `sql` yields.
  absl::StatusOr<std::int64_t> Number(absl::string_view sql);
  // Replaces all of `to` by one committed state of this database; neither is in a transaction.
  absl::Status CopyTo(Connection& to) const;
  bool InTransaction() const { return sqlite3_get_autocommit(database_) == 0; }

 private:
  explicit Connection(sqlite3* database) : database_(database) {}

  sqlite3* database_;
  std::map<std::string, sqlite3_stmt*, std::less<>> prepared_;
};

// The database of a state folder.
inline std::string DatabaseOf(const std::string& folder) { return absl::StrCat(folder, "/crosscall.db"); }

// What a result code means to a caller: SQLITE_FULL is RESOURCE_EXHAUSTED, damage DATA_LOSS, I/O errors and locks
// UNAVAILABLE, a missing right PERMISSION_DENIED, a broken constraint FAILED_PRECONDITION, anything else INTERNAL.
absl::Status SqliteStatus(int code, absl::string_view message);

}  // namespace crosscall::store

#endif  // CONTROLLER_STORE_CONNECTION_H_
