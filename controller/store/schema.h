// The tables, as a list of migrations: step n leads from version n - 1 to n. The file says its version (user_version).
#ifndef CONTROLLER_STORE_SCHEMA_H_
#define CONTROLLER_STORE_SCHEMA_H_

#include "absl/status/status.h"
#include "controller/store/connection.h"

namespace crosscall::store {

inline constexpr int kSchemaVersion = 10;

// Statements of one step, from 1 to kSchemaVersion.
const char* MigrationSql(int version);

// Is it a crosscall database of the present schema? FAILED_PRECONDITION if not, with what to do.
absl::Status CheckSchema(Connection& connection);

// Brings the file to kSchemaVersion, all steps in one transaction. FAILED_PRECONDITION: a newer crosscall wrote it, or
// it is some other program's file.
absl::Status Migrate(Connection& connection);

}  // namespace crosscall::store

#endif  // CONTROLLER_STORE_SCHEMA_H_
