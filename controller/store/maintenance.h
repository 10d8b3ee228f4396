// Looking after a store beside the controller: is it whole, keep a copy, start from a copy.
//
// Invariants: nothing here changes an existing store. Copies are made page by page with SQLite's backup interface,
// which sees one committed state even while a controller writes, and appear under their name only when they are whole
// and on disk. Thread safety: the functions share nothing. Codes beside those of Store: NOT_FOUND (no such file),
// DATA_LOSS (what was to be copied, or the copy, is damaged).
#ifndef CONTROLLER_STORE_MAINTENANCE_H_
#define CONTROLLER_STORE_MAINTENANCE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace crosscall::store {

struct CheckReport {
  // One a line, for people; empty if the store is whole.
  std::vector<std::string> problems;
  std::int64_t sweeps = 0;
  std::int64_t trials = 0;
  std::int64_t results = 0;
  // Results from which retention has taken something.
  std::int64_t reduced_results = 0;
};

// Checks a database file: SQLite's own integrity, foreign keys, and the rules of invariants.h. A running controller is
// not disturbed. FAILED_PRECONDITION: another program's file, or another schema than this release's.
absl::StatusOr<CheckReport> CheckFile(const std::string& file);
// The same for the database of a state folder.
absl::StatusOr<CheckReport> CheckFolder(const std::string& folder);

// Copies the database of a state folder, in use or not, to `file`, which must not exist, and checks the copy.
absl::StatusOr<CheckReport> BackUp(const std::string& folder, const std::string& file);

// Makes a state folder from a backup, which is checked first. FAILED_PRECONDITION: the folder is in use or not empty.
absl::StatusOr<CheckReport> Restore(const std::string& file, const std::string& folder);

}  // namespace crosscall::store

#endif  // CONTROLLER_STORE_MAINTENANCE_H_
