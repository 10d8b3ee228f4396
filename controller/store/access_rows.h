// Rows of join tokens, certificates and the audit log. Plain data.
#ifndef CONTROLLER_STORE_ACCESS_ROWS_H_
#define CONTROLLER_STORE_ACCESS_ROWS_H_

#include <string>

#include "absl/time/time.h"

namespace crosscall::store {

struct JoinTokenRow {
  // Of the token, hexadecimal: the token itself is nowhere.
  std::string sha256;
  // `crosscall://LAB/ROLE/NAME`
  std::string identity;
  absl::Time create_time = absl::UnixEpoch();
  absl::Time expire_time = absl::UnixEpoch();
  // UnixEpoch: it is unused.
  absl::Time end_time = absl::UnixEpoch();
  // What it was used for, or that it was revoked.
  std::string end_cause;
  // Of an operator, beyond his role: `board,power`.
  std::string rights;
};

struct CertificateRow {
  std::string serial;
  std::string identity;
  // Of the public key, hexadecimal; no key has two certificates.
  std::string key_sha256;
  absl::Time issue_time = absl::UnixEpoch();
  absl::Time expire_time = absl::UnixEpoch();
  // UnixEpoch: it is not revoked.
  absl::Time revoke_time = absl::UnixEpoch();
  std::string revoke_reason;
  // As the token's.
  std::string rights;
};

// Fields as in v1::AuditEntry.
struct AuditRow {
  absl::Time time = absl::UnixEpoch();
  std::string actor;
  std::string serial;
  std::string action;
  std::string object;
  std::string outcome;
  std::string detail;
  std::string address;
};

}  // namespace crosscall::store

#endif  // CONTROLLER_STORE_ACCESS_ROWS_H_
