#include "controller/store/connection.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/shared/check.h"

namespace crosscall::store {
namespace {

// Readers and the one writer do not block each other in WAL mode; only a checkpoint may make one wait.
constexpr int kBusyMilliseconds = 5000;

}  // namespace

absl::Status SqliteStatus(int code, absl::string_view message) {
  const std::string text = absl::StrCat("store: ", message, " (SQLite ", code, ", ", sqlite3_errstr(code), ")");
  switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_DONE:
    case SQLITE_ROW:
      return absl::OkStatus();
    case SQLITE_FULL:
      return absl::ResourceExhaustedError(
          absl::StrCat(text, "; the disk of the state folder is full: make room, nothing acknowledged is lost"));
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
      return absl::ResourceExhaustedError(text);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError(
          absl::StrCat(text, "; the database is damaged: stop the controller and restore crosscall.db from a backup"));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      return absl::UnavailableError(absl::StrCat(text, "; look at the disk and the rights of the state folder"));
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return absl::PermissionDeniedError(absl::StrCat(text, "; the controller must be able to write its state folder"));
    case SQLITE_CONSTRAINT:
      return absl::FailedPreconditionError(text);
    default:
      return absl::InternalError(text);
  }
}

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)) {}

Statement::~Statement() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

absl::Status Statement::Check(int code) const { return SqliteStatus(code, sqlite3_errmsg(database_)); }

absl::Status Statement::BindAt(int index, std::int64_t value) {
  return Check(sqlite3_bind_int64(statement_, index, value));
}

absl::Status Statement::BindAt(int index, double value) { return Check(sqlite3_bind_double(statement_, index, value)); }

absl::Status Statement::BindAt(int index, absl::string_view value) {
  // A null pointer would bind NULL.
  const char* const data = value.data() == nullptr ? "" : value.data();
  return Check(sqlite3_bind_text64(statement_, index, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

absl::Status Statement::BindAt(int index, Blob value) {
  const char* const data = value.bytes.data() == nullptr ? "" : value.bytes.data();
  return Check(sqlite3_bind_blob64(statement_, index, data, value.bytes.size(), SQLITE_TRANSIENT));
}

absl::StatusOr<bool> Statement::Step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return Check(sqlite3_extended_errcode(database_));
}

absl::Status Statement::Run() { return Step().status(); }

std::string Statement::Bytes(int column) const {
  const void* const data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return data == nullptr ? std::string() : std::string(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

absl::Status Statement::DamagedMessage(const std::string& type, int column) const {
  return absl::DataLossError(
      absl::StrCat("store: column ", column, " of `", sqlite3_sql(statement_), "` is no ", type));
}

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const std::string& path, Mode mode) {
  const int flags = (mode == Mode::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) |
                    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  sqlite3* database = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &database, flags, nullptr);
  std::unique_ptr<Connection> connection(new Connection(database));
  if (code != SQLITE_OK) {
    return SqliteStatus(code, absl::StrCat("cannot open ", path, ": ", sqlite3_errmsg(database)));
  }
  sqlite3_busy_timeout(database, kBusyMilliseconds);
  if (absl::Status status = connection->Execute("PRAGMA foreign_keys = ON"); !status.ok()) return status;
  return connection;
}

Connection::~Connection() {
  for (const auto& [sql, statement] : prepared_) sqlite3_finalize(statement);
  const int code = sqlite3_close(database_);
  CROSSCALL_CHECK(code == SQLITE_OK, "every statement is finalized before its connection is closed");
}

absl::StatusOr<Statement> Connection::Prepare(absl::string_view sql) {
  auto found = prepared_.find(sql);
  if (found == prepared_.end()) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                        &statement, nullptr);
    if (code != SQLITE_OK) return SqliteStatus(code, absl::StrCat(sqlite3_errmsg(database_), " in `", sql, "`"));
    found = prepared_.emplace(sql, statement).first;
  }
  CROSSCALL_CHECK(sqlite3_stmt_busy(found->second) == 0, "a prepared statement has one user at a time");
  return Statement(database_, found->second);
}

absl::Status Connection::Execute(const std::string& sql) {
  return SqliteStatus(sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr), sqlite3_errmsg(database_));
}

absl::Status Connection::CopyTo(Connection& to) const {
  sqlite3_backup* const backup = sqlite3_backup_init(to.database_, "main", database_, "main");
  if (backup == nullptr) return SqliteStatus(sqlite3_extended_errcode(to.database_), sqlite3_errmsg(to.database_));
  // All pages in one read transaction: in steps, each commit of a writer would start the copy again.
  const int step = sqlite3_backup_step(backup, -1);
  const int finish = sqlite3_backup_finish(backup);
  // Finishing forgets that a lock was in the way.
  if (step != SQLITE_DONE) return SqliteStatus(step, sqlite3_errstr(step));
  return SqliteStatus(finish, sqlite3_errmsg(to.database_));
}

absl::StatusOr<std::int64_t> Connection::Number(absl::string_view sql) {
  absl::StatusOr<Statement> statement = Prepare(sql);
  if (!statement.ok()) return statement.status();
  absl::StatusOr<bool> row = statement->Step();
  if (!row.ok()) return row.status();
  if (!*row) return absl::NotFoundError(absl::StrCat("store: `", sql, "` yields no row"));
  return statement->Int(0);
}

}  // namespace crosscall::store
