// What must be true of a store between two transactions, beyond what SQLite's own constraints say.
#ifndef CONTROLLER_STORE_INVARIANTS_H_
#define CONTROLLER_STORE_INVARIANTS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "controller/store/connection.h"

namespace crosscall::store {

// Adds a line for each row that breaks a rule, at most `limit` a rule, to `problems`. The store has the present schema.
// Reads all of it: the time grows with its history. An error is SQLite's own.
absl::Status FindProblems(Connection& connection, std::size_t limit, std::vector<std::string>& problems);

}  // namespace crosscall::store

#endif  // CONTROLLER_STORE_INVARIANTS_H_
