#include "controller/api/admin_service.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/api/deferred_call.h"
#include "controller/api/immediate_call.h"
#include "controller/api/no_certificates.h"
#include "proto/shared/proto_time.h"
#include "proto/shared/sanitize.h"

namespace crosscall::api {
namespace {

constexpr std::size_t kMaxReasonBytes = 1024;

absl::Duration TokenLife(const v1::CreateJoinTokenRequest& request) {
  if (!request.has_ttl()) return access::kDefaultTokenLife;
  return absl::Seconds(request.ttl().seconds()) + absl::Nanoseconds(request.ttl().nanos());
}

}  // namespace

grpc::ServerUnaryReactor* AdminService::CreateJoinToken(grpc::CallbackServerContext* context,
                                                        const v1::CreateJoinTokenRequest* request,
                                                        v1::CreateJoinTokenResponse* response) {
  if (registry_ == nullptr) return FinishNow(context, NoCertificates());
  const absl::StatusOr<shared::Identity> identity =
      shared::ParseIdentityIn(registry_->authority().lab(), request->identity());
  if (!identity.ok()) return FinishNow(context, identity.status());
  const absl::StatusOr<shared::OperatorRights> rights =
      shared::ParseRights({request->rights().begin(), request->rights().end()});
  if (!rights.ok()) return FinishNow(context, rights.status());
  return DeferredCall<v1::CreateJoinTokenResponse>::Begin(context, response, [&](const auto& done) {
    registry_->CreateJoinToken(gate_->ActorOf(*context), {*identity, *rights}, TokenLife(*request),
                               [done](absl::StatusOr<access::JoinToken> token) {
                                 if (!token.ok()) return done(token.status());
                                 v1::CreateJoinTokenResponse answer;
                                 answer.set_token(std::move(token->token));
                                 *answer.mutable_expire_time() = shared::TimestampOf(token->expire_time);
                                 done(std::move(answer));
                               });
  });
}

grpc::ServerUnaryReactor* AdminService::RevokeCertificates(grpc::CallbackServerContext* context,
                                                           const v1::RevokeCertificatesRequest* request,
                                                           v1::RevokeCertificatesResponse* response) {
  if (registry_ == nullptr) return FinishNow(context, NoCertificates());
  if (request->serial().empty() == request->identity().empty()) {
    return FinishNow(context, absl::InvalidArgumentError("serial, identity: set one of them"));
  }
  if (request->reason().size() > kMaxReasonBytes) {
    return FinishNow(context, absl::InvalidArgumentError(absl::StrCat("reason (bytes): ", request->reason().size(),
                                                                      "; allowed: at most ", kMaxReasonBytes)));
  }
  absl::StatusOr<shared::Identity> identity = shared::Identity();
  if (!request->identity().empty()) {
    identity = shared::ParseIdentityIn(registry_->authority().lab(), request->identity());
    if (!identity.ok()) return FinishNow(context, identity.status());
  }
  const std::string reason = shared::CleanText(request->reason(), kMaxReasonBytes);
  return DeferredCall<v1::RevokeCertificatesResponse>::Begin(context, response, [&](const auto& done) {
    const dispatch::Done<std::uint32_t> count = [done](absl::StatusOr<std::uint32_t> revoked) {
      if (!revoked.ok()) return done(revoked.status());
      v1::RevokeCertificatesResponse answer;
      answer.set_revoked_count(*revoked);
      done(std::move(answer));
    };
    const access::Actor actor = gate_->ActorOf(*context);
    if (request->serial().empty()) return registry_->RevokeIdentity(actor, *identity, reason, count);
    registry_->RevokeSerial(actor, request->serial(), reason, count);
  });
}

grpc::ServerUnaryReactor* AdminService::ListCertificates(grpc::CallbackServerContext* context,
                                                         const v1::ListCertificatesRequest* request,
                                                         v1::ListCertificatesResponse* response) {
  return FinishNow(context, response, store_.ListCertificates(*request));
}

grpc::ServerUnaryReactor* AdminService::ListAuditEntries(grpc::CallbackServerContext* context,
                                                         const v1::ListAuditEntriesRequest* request,
                                                         v1::ListAuditEntriesResponse* response) {
  return FinishNow(context, response, store_.ListAuditEntries(*request));
}

}  // namespace crosscall::api
