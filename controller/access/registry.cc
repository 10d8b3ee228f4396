#include "controller/access/registry.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "controller/dispatch/batch.h"
#include "controller/dispatch/checked_result.h"
#include "proto/shared/sanitize.h"

namespace crosscall::access {
namespace {

constexpr std::size_t kTokenBytes = 32;
// Tells leaked tokens from other strings.
constexpr char kTokenPrefix[] = "crosscall-join-";
constexpr std::size_t kMaxTokenBytes = 128;
constexpr std::size_t kDetailBytes = 1024;
constexpr std::uint32_t kRefusalBurst = 100;
constexpr absl::Duration kRefusalInterval = absl::Seconds(10);

constexpr char kCreate[] = "AdminService/CreateJoinToken";
constexpr char kRevoke[] = "AdminService/RevokeCertificates";
constexpr char kEnrol[] = "EnrolService/Enrol";
constexpr char kRenew[] = "EnrolService/Renew";

// Random bits enough that a plain hash hides them.
std::string HashOf(absl::string_view token) { return absl::BytesToHexString(dispatch::Sha256(token)); }

absl::StatusOr<std::string> RandomToken() {
  std::array<unsigned char, kTokenBytes> bytes{};
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) {
    return absl::UnavailableError(absl::StrCat("no random numbers for a token: ", shared::OpensslError()));
  }
  std::string token = absl::StrCat(kTokenPrefix, absl::WebSafeBase64Escape(absl::string_view(
                                                     reinterpret_cast<const char*>(bytes.data()), bytes.size())));
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return token;
}

std::string Shown(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone()); }

// As the store has them: `board,power`.
std::string Stored(const shared::OperatorRights& rights) { return absl::StrJoin(shared::NamesOf(rights), ","); }

// For the audit log.
std::string InWords(const shared::OperatorRights& rights) {
  return rights.empty() ? "" : absl::StrCat(", with right ", absl::StrJoin(shared::NamesOf(rights), " and "));
}

absl::Status CheckToken(const absl::optional<store::JoinTokenRow>& token, const shared::Identity& identity,
                        absl::Time now) {
  constexpr char kAsk[] = "; ask an administrator for a new one: crosscallctl join-token create";
  if (!token) return absl::PermissionDeniedError(absl::StrCat("no such join token", kAsk));
  if (token->end_time != absl::UnixEpoch()) {
    return absl::PermissionDeniedError(
        absl::StrCat("the join token was ended at ", Shown(token->end_time), ", ", token->end_cause, kAsk));
  }
  if (now >= token->expire_time) {
    return absl::PermissionDeniedError(absl::StrCat("the join token expired at ", Shown(token->expire_time), "; it is ",
                                                    Shown(now), " by the clock of the controller", kAsk));
  }
  if (token->identity != shared::ToUri(identity)) {
    return absl::PermissionDeniedError(
        absl::StrCat("the join token is for ", token->identity, ", the request names ", shared::ToUri(identity)));
  }
  return absl::OkStatus();
}

}  // namespace

Registry::Registry(dispatch::Dispatcher& dispatcher, store::Store& store, const Authority& authority, Trust& trust,
                   absl::Duration agent_life)
    : dispatcher_(dispatcher),
      store_(store),
      authority_(authority),
      trust_(trust),
      agent_life_(agent_life),
      refusals_(kRefusalBurst, kRefusalInterval) {}

void Registry::Audit(dispatch::Batch& batch, const Actor& actor, const std::string& action, const std::string& object,
                     const absl::Status& outcome, const std::string& detail) {
  std::string text = outcome.ok() ? detail : std::string(outcome.message());
  if (!outcome.ok()) {
    const absl::optional<std::uint64_t> left_out = refusals_.Admit(batch.now());
    if (!left_out) return;
    if (*left_out > 0) absl::StrAppend(&text, " (", *left_out, " earlier refusals were too many to list)");
  }
  batch.tx().AddAudit({.time = batch.wall(),
                       .actor = actor.name,
                       .serial = actor.serial,
                       .action = action,
                       .object = object,
                       .outcome = absl::StatusCodeToString(outcome.code()),
                       .detail = shared::CleanText(text, kDetailBytes),
                       .address = actor.address});
}

void Registry::CreateJoinToken(const Actor& actor, const shared::Holder& holder, absl::Duration life,
                               const dispatch::Done<JoinToken>& done) {
  if (absl::Status status = shared::CheckHolder(holder); !status.ok()) return done(status);
  if (life < kShortestTokenLife || life > kLongestTokenLife) {
    return done(absl::InvalidArgumentError(absl::StrCat("ttl: ", absl::FormatDuration(life),
                                                        "; allowed: ", absl::FormatDuration(kShortestTokenLife), " to ",
                                                        absl::FormatDuration(kLongestTokenLife))));
  }
  absl::StatusOr<std::string> token = RandomToken();
  if (!token.ok()) return done(token.status());
  dispatcher_.Transact(
      [this, actor, holder, life, token = *std::move(token), done](dispatch::Batch& batch) {
        const store::JoinTokenRow row = {.sha256 = HashOf(token),
                                         .identity = shared::ToUri(holder.identity),
                                         .create_time = batch.wall(),
                                         .expire_time = batch.wall() + life,
                                         .end_time = absl::UnixEpoch(),
                                         .end_cause = "",
                                         .rights = Stored(holder.rights)};
        batch.tx().AddJoinToken(row);
        // The first digits of the hash tell tokens apart and help nobody to guess one.
        Audit(batch, actor, kCreate, row.identity, absl::OkStatus(),
              absl::StrCat("token ", row.sha256.substr(0, 8), ", until ", Shown(row.expire_time),
                           InWords(holder.rights)));
        batch.Reply<JoinToken>(done, JoinToken{token, row.expire_time});
      },
      done);
}

absl::StatusOr<Issued> Registry::IssueIn(dispatch::Batch& batch, const CheckedRequest& request,
                                         const shared::OperatorRights& rights) {
  const absl::StatusOr<bool> known = store_.HasCertificateForKey(request.key_sha256);
  if (!known.ok()) return known.status();
  if (*known) return absl::PermissionDeniedError("the key has a certificate already: make a new key for each");
  const absl::Duration life = request.identity.role == shared::Role::kAgent ? agent_life_ : kPersonLife;
  absl::StatusOr<Issued> issued = authority_.Issue(request, batch.wall(), life, rights);
  if (!issued.ok()) return issued.status();
  batch.tx().AddCertificate({.serial = issued->serial,
                             .identity = shared::ToUri(request.identity),
                             .key_sha256 = request.key_sha256,
                             .issue_time = batch.wall(),
                             .expire_time = issued->not_after,
                             .revoke_time = absl::UnixEpoch(),
                             .revoke_reason = "",
                             .rights = Stored(rights)});
  return issued;
}

absl::StatusOr<Issued> Registry::TryEnrol(dispatch::Batch& batch, const std::string& token_sha256,
                                          const absl::StatusOr<CheckedRequest>& request) {
  if (!request.ok()) return request.status();
  const absl::StatusOr<absl::optional<store::JoinTokenRow>> token = store_.FindJoinToken(token_sha256);
  if (!token.ok()) return token.status();
  if (absl::Status status = CheckToken(*token, request->identity, batch.wall()); !status.ok()) return status;
  const absl::StatusOr<shared::OperatorRights> rights =
      shared::ParseRights(absl::StrSplit((*token)->rights, ',', absl::SkipEmpty()));
  if (!rights.ok()) return absl::DataLossError(absl::StrCat("store: join token: ", rights.status().message()));
  absl::StatusOr<Issued> issued = IssueIn(batch, *request, *rights);
  if (!issued.ok()) return issued.status();
  batch.tx().EndJoinToken(token_sha256, absl::StrCat("used for certificate ", issued->serial), batch.wall());
  return issued;
}

void Registry::Enrol(const Actor& actor, const std::string& token, const std::string& request_der,
                     const dispatch::Done<Issued>& done) {
  if (token.size() > kMaxTokenBytes) return done(absl::InvalidArgumentError("token: too long to be one"));
  const auto request = std::make_shared<const absl::StatusOr<CheckedRequest>>(CheckRequest(request_der));
  dispatcher_.Transact(
      [this, actor, sha256 = HashOf(token), request, done](dispatch::Batch& batch) {
        absl::StatusOr<Issued> issued = TryEnrol(batch, sha256, *request);
        Audit(batch, actor, kEnrol, request->ok() ? shared::ToUri((*request)->identity) : "", issued.status(),
              issued.ok() ? absl::StrCat("token ", sha256.substr(0, 8), ", certificate ", issued->serial) : "");
        batch.Reply<Issued>(done, std::move(issued));
      },
      done);
}

void Registry::Renew(const Actor& actor, const Caller& caller, const std::string& request_der,
                     const dispatch::Done<Issued>& done) {
  const auto request = std::make_shared<const absl::StatusOr<CheckedRequest>>(CheckRequest(request_der));
  dispatcher_.Transact(
      [this, actor, caller, request, done](dispatch::Batch& batch) {
        absl::StatusOr<Issued> issued;
        if (!request->ok()) {
          issued = request->status();
        } else if (!((*request)->identity == caller.identity)) {
          issued = absl::PermissionDeniedError(absl::StrCat("the request names ", shared::ToUri((*request)->identity),
                                                            ", the caller is ", shared::ToUri(caller.identity)));
        } else {
          issued = IssueIn(batch, **request, caller.rights);
        }
        Audit(batch, actor, kRenew, request->ok() ? shared::ToUri((*request)->identity) : "", issued.status(),
              issued.ok() ? absl::StrCat("certificate ", issued->serial) : "");
        batch.Reply<Issued>(done, std::move(issued));
      },
      done);
}

void Registry::RevokeSerial(const Actor& actor, const std::string& serial, const std::string& reason,
                            const dispatch::Done<std::uint32_t>& done) {
  dispatcher_.Transact(
      [this, actor, serial, reason, done](dispatch::Batch& batch) {
        const absl::StatusOr<absl::optional<store::CertificateRow>> row = store_.FindCertificate(serial);
        absl::StatusOr<std::vector<std::string>> serials;
        if (!row.ok()) {
          serials = row.status();
        } else if (!row->has_value()) {
          serials = absl::NotFoundError("no such certificate; `crosscallctl certificates` shows those there are");
        } else {
          serials =
              (*row)->revoke_time == absl::UnixEpoch() ? std::vector<std::string>{serial} : std::vector<std::string>();
        }
        Revoke(batch, actor, serial, reason, std::move(serials), done);
      },
      done);
}

void Registry::RevokeIdentity(const Actor& actor, const shared::Identity& identity, const std::string& reason,
                              const dispatch::Done<std::uint32_t>& done) {
  dispatcher_.Transact(
      [this, actor, uri = shared::ToUri(identity), reason, done](dispatch::Batch& batch) {
        Revoke(batch, actor, uri, reason, store_.FindSerials(uri), done);
      },
      done);
}

void Registry::Revoke(dispatch::Batch& batch, const Actor& actor, const std::string& object, const std::string& reason,
                      absl::StatusOr<std::vector<std::string>> serials, const dispatch::Done<std::uint32_t>& done) {
  if (serials.ok() && std::find(serials->begin(), serials->end(), actor.serial) != serials->end()) {
    serials = absl::FailedPreconditionError(
        "this would revoke the certificate of the call: let another "
        "administrator do it");
  }
  if (!serials.ok()) {
    Audit(batch, actor, kRevoke, object, serials.status(), "");
    return batch.Reply<std::uint32_t>(done, serials.status());
  }
  for (const std::string& serial : *serials) batch.tx().RevokeCertificate(serial, reason, batch.wall());
  // Names an identity or a serial; no token is for a serial.
  batch.tx().EndJoinTokensOf(object, "revoked", batch.wall());
  Audit(batch, actor, kRevoke, object, absl::OkStatus(), absl::StrCat(serials->size(), " certificates: ", reason));
  const auto count = static_cast<std::uint32_t>(serials->size());
  batch.Reply<std::uint32_t>(
      [this, serials = *std::move(serials), done](absl::StatusOr<std::uint32_t> answer) {
        // Before the answer: whoever has it can rely on it.
        if (answer.ok()) trust_.Revoke(serials);
        done(std::move(answer));
      },
      count);
}

dispatch::Witness Registry::Auditor(const Actor& actor, const std::string& action) {
  return [this, actor, action](dispatch::Batch& batch, const std::string& object, const absl::Status& outcome) {
    Audit(batch, actor, action, object, outcome, "");
  };
}

void Registry::RecordRefusal(const Actor& actor, const std::string& action, const std::string& object,
                             const absl::Status& refusal) {
  dispatcher_.Transact([this, actor, action, object,
                        refusal](dispatch::Batch& batch) { Audit(batch, actor, action, object, refusal, ""); },
                       // The caller was refused all the same.
                       [](const absl::Status&) {});
}

}  // namespace crosscall::access
