#include "controller/store/maintenance.h"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/store/connection.h"
#include "controller/store/folder_lock.h"
#include "controller/store/for_each.h"
#include "controller/store/invariants.h"
#include "controller/store/schema.h"
#include "proto/shared/durable_file.h"

namespace crosscall::store {
namespace {

constexpr std::size_t kProblemsPerRule = 10;

absl::Status MustExist(const std::string& file) {
  struct stat status = {};
  if (stat(file.c_str(), &status) != 0) return shared::ErrnoStatus(errno, file);
  if (!S_ISREG(status.st_mode)) return absl::FailedPreconditionError(absl::StrCat(file, " is no file"));
  return absl::OkStatus();
}

absl::Status MustNotExist(const std::string& file) {
  struct stat status = {};
  if (lstat(file.c_str(), &status) == 0) {
    return absl::AlreadyExistsError(absl::StrCat(file, " exists already: choose another name, or move it away"));
  }
  return errno == ENOENT ? absl::OkStatus() : shared::ErrnoStatus(errno, file);
}

absl::Status FindDamage(Connection& connection, std::vector<std::string>& problems) {
  // SQLite says "ok" in one row, or one line a problem.
  absl::Status status = ForEach(connection, "PRAGMA integrity_check", [&problems](const Statement& row) {
    if (row.Bytes(0) != "ok") problems.push_back(absl::StrCat("SQLite: ", row.Bytes(0)));
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return ForEach(connection, "PRAGMA foreign_key_check", [&problems](const Statement& row) {
    problems.push_back(absl::StrCat("row ", row.Int(1), " of ", row.Bytes(0), " refers to a row of ", row.Bytes(2),
                                    " that is not there"));
    return absl::OkStatus();
  });
}

absl::Status Count(Connection& connection, const char* table, std::int64_t& count) {
  absl::StatusOr<std::int64_t> rows = connection.Number(absl::StrCat("SELECT count(*) FROM ", table));
  if (!rows.ok()) return rows.status();
  count = *rows;
  return absl::OkStatus();
}

absl::StatusOr<CheckReport> CheckOpen(Connection& connection) {
  CheckReport report;
  absl::Status status = CheckSchema(connection);
  if (status.ok()) status = FindDamage(connection, report.problems);
  // The rules are about rows: they make no sense of pages that are torn.
  if (status.ok() && report.problems.empty()) status = FindProblems(connection, kProblemsPerRule, report.problems);
  if (status.ok()) status = Count(connection, "sweeps", report.sweeps);
  if (status.ok()) status = Count(connection, "trials", report.trials);
  if (status.ok()) status = Count(connection, "results", report.results);
  if (status.ok()) status = Count(connection, "payloads WHERE remove_time <> 0", report.reduced_results);
  if (status.code() == absl::StatusCode::kDataLoss) {
    report.problems.push_back(std::string(status.message()));
    return report;
  }
  if (!status.ok()) return status;
  return report;
}

absl::Status MustBeWhole(const CheckReport& report, const std::string& file) {
  if (report.problems.empty()) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat(file, " is damaged, ", report.problems.size(), " problem(s), the first: ", report.problems.front()));
}

// With the logs that SQLite may have left beside it.
absl::Status RemoveDatabase(const std::string& file) {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    if (absl::Status status = shared::RemoveDurably(absl::StrCat(file, suffix)); !status.ok()) return status;
  }
  return absl::OkStatus();
}

// A whole copy of `from` under `to`, or nothing there.
absl::StatusOr<CheckReport> Copy(const std::string& from, const std::string& to) {
  const std::string partial = absl::StrCat(to, ".partial");
  if (absl::Status status = RemoveDatabase(partial); !status.ok()) return status;
  absl::StatusOr<CheckReport> report = [&]() -> absl::StatusOr<CheckReport> {
    absl::StatusOr<std::unique_ptr<Connection>> source = Connection::Open(from, Connection::Mode::kReadOnly);
    if (!source.ok()) return source.status();
    absl::StatusOr<std::unique_ptr<Connection>> copy = Connection::Open(partial, Connection::Mode::kReadWrite);
    if (!copy.ok()) return copy.status();
    absl::Status status = (*copy)->Execute("PRAGMA synchronous = FULL");
    if (status.ok()) status = (*source)->CopyTo(**copy);
    // One file that needs no log beside it.
    if (status.ok()) status = (*copy)->Execute("PRAGMA journal_mode = DELETE");
    if (!status.ok()) return status;
    absl::StatusOr<CheckReport> checked = CheckOpen(**copy);
    if (!checked.ok()) return checked.status();
    if (absl::Status whole = MustBeWhole(*checked, from); !whole.ok()) return whole;
    return checked;
  }();
  absl::Status status = report.status();
  if (status.ok()) status = shared::RenameDurably(partial, to);
  if (!status.ok()) {
    // The first error is the one to tell.
    RemoveDatabase(partial).IgnoreError();
    return status;
  }
  return report;
}

// What a state folder must not have to be filled from a backup; nothing if the folder is not there.
absl::Status MustBeEmpty(const std::string& folder) {
  std::error_code error;
  std::filesystem::directory_iterator entries(folder, error);
  if (error == std::errc::no_such_file_or_directory) return absl::OkStatus();
  if (error) return shared::ErrnoStatus(error.value(), folder);
  for (const std::filesystem::directory_entry& entry : entries) {
    if (entry.path().filename() == FolderLock::kFileName) continue;
    return absl::FailedPreconditionError(absl::StrCat("the state folder ", folder, " is not empty, it holds ",
                                                      entry.path().filename().string(),
                                                      ": choose another --state-dir, or move that one away"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CheckReport> CheckFile(const std::string& file) {
  if (absl::Status status = MustExist(file); !status.ok()) return status;
  absl::StatusOr<std::unique_ptr<Connection>> connection = Connection::Open(file, Connection::Mode::kReadOnly);
  if (!connection.ok()) return connection.status();
  return CheckOpen(**connection);
}

absl::StatusOr<CheckReport> CheckFolder(const std::string& folder) { return CheckFile(DatabaseOf(folder)); }

absl::StatusOr<CheckReport> BackUp(const std::string& folder, const std::string& file) {
  if (absl::Status status = MustExist(DatabaseOf(folder)); !status.ok()) return status;
  if (absl::Status status = MustNotExist(file); !status.ok()) return status;
  return Copy(DatabaseOf(folder), file);
}

absl::StatusOr<CheckReport> Restore(const std::string& file, const std::string& folder) {
  if (absl::Status status = MustExist(file); !status.ok()) return status;
  // A folder in use is told as such, though it is not empty either; in a stranger's folder no lock is left.
  if (!std::filesystem::exists(absl::StrCat(folder, "/", FolderLock::kFileName))) {
    if (absl::Status status = MustBeEmpty(folder); !status.ok()) return status;
  }
  absl::StatusOr<std::unique_ptr<FolderLock>> lock = FolderLock::Take(folder);
  if (!lock.ok()) return lock.status();
  if (absl::Status status = MustBeEmpty(folder); !status.ok()) return status;
  return Copy(file, DatabaseOf(folder));
}

}  // namespace crosscall::store
