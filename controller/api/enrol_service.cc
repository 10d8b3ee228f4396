#include "controller/api/enrol_service.h"

#include <utility>

#include "controller/api/deferred_call.h"
#include "controller/api/immediate_call.h"
#include "controller/api/no_certificates.h"

namespace crosscall::api {
namespace {

// Hands on what was issued as the certificate of a response.
template <class Response>
dispatch::Done<access::Issued> CertificateTo(typename DeferredCall<Response>::Done done) {
  return [done = std::move(done)](absl::StatusOr<access::Issued> issued) {
    if (!issued.ok()) return done(issued.status());
    Response response;
    response.set_certificate(std::move(issued->pem));
    done(std::move(response));
  };
}

}  // namespace

grpc::ServerUnaryReactor* EnrolService::Enrol(grpc::CallbackServerContext* context, const v1::EnrolRequest* request,
                                              v1::EnrolResponse* response) {
  if (registry_ == nullptr) return FinishNow(context, NoCertificates());
  return DeferredCall<v1::EnrolResponse>::Begin(context, response, [&](const auto& done) {
    registry_->Enrol(gate_->ActorOf(*context), request->token(), request->certificate_request(),
                     CertificateTo<v1::EnrolResponse>(done));
  });
}

grpc::ServerUnaryReactor* EnrolService::Renew(grpc::CallbackServerContext* context, const v1::RenewRequest* request,
                                              v1::RenewResponse* response) {
  if (registry_ == nullptr) return FinishNow(context, NoCertificates());
  const absl::StatusOr<access::Caller> caller = gate_->CallerOf(*context);
  if (!caller.ok()) return FinishNow(context, caller.status());
  return DeferredCall<v1::RenewResponse>::Begin(context, response, [&](const auto& done) {
    registry_->Renew(gate_->ActorOf(*context), *caller, request->certificate_request(),
                     CertificateTo<v1::RenewResponse>(done));
  });
}

}  // namespace crosscall::api
