#include "controller/store/access_queries.h"

#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "controller/store/for_each.h"
#include "controller/store/page.h"
#include "proto/shared/proto_time.h"

namespace crosscall::store {
namespace {

constexpr PageSizes kPages = {.standard = 100, .largest = 500};
constexpr std::int64_t kMaximum = std::numeric_limits<std::int64_t>::max();
constexpr char kCertificateColumns[] =
    "serial, identity, key_sha256, issue_time, expire_time, revoke_time, revoke_reason, rights";

CertificateRow CertificateOf(const Statement& statement, int first) {
  return {.serial = statement.Bytes(first),
          .identity = statement.Bytes(first + 1),
          .key_sha256 = statement.Bytes(first + 2),
          .issue_time = statement.Time(first + 3),
          .expire_time = statement.Time(first + 4),
          .revoke_time = statement.Time(first + 5),
          .revoke_reason = statement.Bytes(first + 6),
          .rights = statement.Bytes(first + 7)};
}

v1::Certificate Shown(const CertificateRow& row) {
  v1::Certificate certificate;
  certificate.set_serial(row.serial);
  certificate.set_identity(row.identity);
  *certificate.mutable_issue_time() = shared::TimestampOf(row.issue_time);
  *certificate.mutable_expire_time() = shared::TimestampOf(row.expire_time);
  if (row.revoke_time != absl::UnixEpoch()) {
    *certificate.mutable_revoke_time() = shared::TimestampOf(row.revoke_time);
    certificate.set_revoke_reason(row.revoke_reason);
  }
  for (const absl::string_view right : absl::StrSplit(row.rights, ',', absl::SkipEmpty())) {
    certificate.add_rights(std::string(right));
  }
  return certificate;
}

v1::AuditEntry AuditEntryOf(const Statement& statement) {
  v1::AuditEntry entry;
  *entry.mutable_time() = shared::TimestampOf(statement.Time(1));
  entry.set_actor(statement.Bytes(2));
  entry.set_serial(statement.Bytes(3));
  entry.set_action(statement.Bytes(4));
  entry.set_object(statement.Bytes(5));
  entry.set_outcome(statement.Bytes(6));
  entry.set_detail(statement.Bytes(7));
  entry.set_address(statement.Bytes(8));
  return entry;
}

// Newest first; `sql` takes the id before which the page begins and the number of rows wanted, and gives ids first.
template <class Response, class Request, class Add>
absl::StatusOr<Response> NewestFirst(Connection& connection, const Request& request, absl::string_view list,
                                     absl::string_view sql, const Add& add) {
  const absl::StatusOr<std::int64_t> size = PageSize(request.page_size(), kPages);
  if (!size.ok()) return size.status();
  const absl::StatusOr<Position> before = PositionOf(list, "", request.page_token(), {kMaximum, 0, 0});
  if (!before.ok()) return before.status();
  Response response;
  std::int64_t rows = 0;
  std::int64_t last = 0;
  bool more = false;
  absl::Status status = ForEach(
      connection, sql,
      [&](const Statement& statement) {
        if (rows == *size) {
          more = true;
          return absl::OkStatus();
        }
        ++rows;
        last = statement.Int(0);
        add(response, statement);
        return absl::OkStatus();
      },
      (*before)[0], *size + 1);
  if (!status.ok()) return status;
  if (more) response.set_next_page_token(PageToken(list, "", {last, 0, 0}));
  return response;
}

}  // namespace

absl::StatusOr<v1::ListCertificatesResponse> ListCertificates(Connection& connection,
                                                              const v1::ListCertificatesRequest& request) {
  return NewestFirst<v1::ListCertificatesResponse>(
      connection, request, "certificates",
      absl::StrCat("SELECT id, ", kCertificateColumns, " FROM certificates WHERE id < ? ORDER BY id DESC LIMIT ?"),
      [](v1::ListCertificatesResponse& response, const Statement& statement) {
        *response.add_certificates() = Shown(CertificateOf(statement, 1));
      });
}

absl::StatusOr<v1::ListAuditEntriesResponse> ListAuditEntries(Connection& connection,
                                                              const v1::ListAuditEntriesRequest& request) {
  return NewestFirst<v1::ListAuditEntriesResponse>(
      connection, request, "audit",
      "SELECT id, time, actor, serial, action, object, outcome, detail, address FROM audit WHERE id < ?"
      " ORDER BY id DESC LIMIT ?",
      [](v1::ListAuditEntriesResponse& response, const Statement& statement) {
        *response.add_entries() = AuditEntryOf(statement);
      });
}

absl::StatusOr<absl::optional<JoinTokenRow>> FindJoinToken(Connection& connection, absl::string_view sha256) {
  absl::optional<JoinTokenRow> found;
  absl::Status status = ForEach(
      connection,
      "SELECT sha256, identity, create_time, expire_time, end_time, end_cause, rights FROM join_tokens"
      " WHERE sha256 = ?",
      [&found](const Statement& statement) {
        found = JoinTokenRow{.sha256 = statement.Bytes(0),
                             .identity = statement.Bytes(1),
                             .create_time = statement.Time(2),
                             .expire_time = statement.Time(3),
                             .end_time = statement.Time(4),
                             .end_cause = statement.Bytes(5),
                             .rights = statement.Bytes(6)};
        return absl::OkStatus();
      },
      sha256);
  if (!status.ok()) return status;
  return found;
}

absl::StatusOr<absl::optional<CertificateRow>> FindCertificate(Connection& connection, absl::string_view serial) {
  absl::optional<CertificateRow> found;
  absl::Status status = ForEach(
      connection, absl::StrCat("SELECT ", kCertificateColumns, " FROM certificates WHERE serial = ?"),
      [&found](const Statement& statement) {
        found = CertificateOf(statement, 0);
        return absl::OkStatus();
      },
      serial);
  if (!status.ok()) return status;
  return found;
}

absl::StatusOr<bool> HasCertificateForKey(Connection& connection, absl::string_view key_sha256) {
  bool found = false;
  absl::Status status = ForEach(
      connection, "SELECT 1 FROM certificates WHERE key_sha256 = ?",
      [&found](const Statement&) {
        found = true;
        return absl::OkStatus();
      },
      key_sha256);
  if (!status.ok()) return status;
  return found;
}

absl::StatusOr<std::vector<std::string>> FindSerials(Connection& connection, absl::string_view identity) {
  std::vector<std::string> serials;
  absl::Status status = ForEach(
      connection, "SELECT serial FROM certificates WHERE identity = ? AND revoke_time = 0",
      [&serials](const Statement& statement) {
        serials.push_back(statement.Bytes(0));
        return absl::OkStatus();
      },
      identity);
  if (!status.ok()) return status;
  return serials;
}

absl::StatusOr<std::vector<std::string>> FindRevokedSerials(Connection& connection, absl::Time now) {
  std::vector<std::string> serials;
  absl::Status status = ForEach(
      connection, "SELECT serial FROM certificates WHERE revoke_time <> 0 AND expire_time > ?",
      [&serials](const Statement& statement) {
        serials.push_back(statement.Bytes(0));
        return absl::OkStatus();
      },
      now);
  if (!status.ok()) return status;
  return serials;
}

}  // namespace crosscall::store
