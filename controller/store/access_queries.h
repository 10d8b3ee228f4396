// Reads of join tokens, certificates and the audit log.
#ifndef CONTROLLER_STORE_ACCESS_QUERIES_H_
#define CONTROLLER_STORE_ACCESS_QUERIES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "controller/store/access_rows.h"
#include "controller/store/connection.h"
#include "crosscall/v1/admin_service.pb.h"

namespace crosscall::store {

// Not thread-safe: the owner guards the connection. Each is documented at Store.
absl::StatusOr<v1::ListCertificatesResponse> ListCertificates(Connection& connection,
                                                              const v1::ListCertificatesRequest& request);
absl::StatusOr<v1::ListAuditEntriesResponse> ListAuditEntries(Connection& connection,
                                                              const v1::ListAuditEntriesRequest& request);
absl::StatusOr<absl::optional<JoinTokenRow>> FindJoinToken(Connection& connection, absl::string_view sha256);
absl::StatusOr<absl::optional<CertificateRow>> FindCertificate(Connection& connection, absl::string_view serial);
absl::StatusOr<bool> HasCertificateForKey(Connection& connection, absl::string_view key_sha256);
absl::StatusOr<std::vector<std::string>> FindSerials(Connection& connection, absl::string_view identity);
absl::StatusOr<std::vector<std::string>> FindRevokedSerials(Connection& connection, absl::Time now);

}  // namespace crosscall::store

#endif  // CONTROLLER_STORE_ACCESS_QUERIES_H_
