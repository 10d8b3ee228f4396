#include "agent/supervisor/agent_certificate.h"

#include <grpcpp/grpcpp.h>

#include <chrono>

#include "absl/strings/str_cat.h"
#include "crosscall/v1/enrol_service.grpc.pb.h"
#include "proto/shared/certificate_request.h"
#include "proto/shared/durable_file.h"
#include "proto/shared/private_file.h"

namespace crosscall::supervisor {
namespace {

// gRPC's codes and absl's are the same numbers.
absl::Status ToAbsl(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

absl::StatusOr<shared::Identity> IdentityFor(const CertificatePlace& place) {
  const absl::StatusOr<shared::Certificate> authority = shared::ReadCertificate(place.authority);
  if (!authority.ok()) return authority.status();
  return shared::Identity{authority->lab, shared::Role::kAgent, place.board};
}

void SetUp(grpc::ClientContext& context, absl::Duration limit) {
  context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMicroseconds(limit));
  // A controller that is starting is waited for.
  context.set_wait_for_ready(true);
}

// Why a handshake fails, gRPC tells its log alone.
absl::Status Explain(const absl::Status& status, const CertificatePlace& place, absl::Duration limit) {
  if (status.code() != absl::StatusCode::kDeadlineExceeded) return status;
  return absl::DeadlineExceededError(
      absl::StrCat("no certificate from ", place.controller, " within ", absl::FormatDuration(limit),
                   ": does a controller serve there, and did its lab's authority make the file given as --ca?"));
}

// `call(stub, context, request DER)` returns the certificate.
template <class Call>
absl::StatusOr<std::string> Obtain(const CertificatePlace& place, const std::string& shown, absl::Duration limit,
                                   const Call& call) {
  const absl::StatusOr<shared::Identity> identity = IdentityFor(place);
  if (!identity.ok()) return identity.status();
  const absl::StatusOr<shared::KeyAndRequest> made = shared::MakeKeyAndRequest(*identity);
  if (!made.ok()) return made.status();
  const auto stub =
      v1::EnrolService::NewStub(grpc::CreateChannel(place.controller, TlsCredentials(place.authority, shown)));
  grpc::ClientContext context;
  SetUp(context, limit);
  const absl::StatusOr<std::string> certificate = call(*stub, context, made->certificate_request);
  if (!certificate.ok()) return Explain(certificate.status(), place, limit);
  std::string pem = absl::StrCat(made->private_key, *certificate);
  if (absl::Status status = shared::WriteDurably(place.file, pem); !status.ok()) return status;
  return pem;
}

}  // namespace

std::shared_ptr<grpc::ChannelCredentials> TlsCredentials(const std::string& authority, const std::string& identity) {
  return grpc::SslCredentials({authority, identity, identity});
}

absl::StatusOr<std::string> LoadIdentity(const CertificatePlace& place, absl::Time now) {
  absl::StatusOr<std::string> pem = shared::ReadPrivateFile(place.file);
  if (!pem.ok()) return pem.status();
  const absl::StatusOr<shared::Certificate> certificate = shared::ReadCertificate(*pem);
  if (!certificate.ok())
    return absl::FailedPreconditionError(absl::StrCat(place.file, ": ", certificate.status().message()));
  const absl::StatusOr<shared::Identity> wanted = IdentityFor(place);
  if (!wanted.ok()) return wanted.status();
  const absl::StatusOr<shared::Identity> found = shared::IdentityOf(certificate->uris);
  if (!found.ok() || !(*found == *wanted)) {
    return absl::FailedPreconditionError(absl::StrCat(place.file, " is not the identity of ", shared::ToUri(*wanted),
                                                      ": another board's state folder, or another lab's authority"));
  }
  if (absl::Status status = shared::CheckValidity(*certificate, now, "this board"); !status.ok()) return status;
  return pem;
}

absl::StatusOr<std::string> Enrol(const CertificatePlace& place, const std::string& token, absl::Duration limit) {
  return Obtain(place, "", limit,
                [&](v1::EnrolService::Stub& stub, grpc::ClientContext& context,
                    const std::string& der) -> absl::StatusOr<std::string> {
                  v1::EnrolRequest request;
                  request.set_token(token);
                  request.set_certificate_request(der);
                  v1::EnrolResponse response;
                  if (absl::Status status = ToAbsl(stub.Enrol(&context, request, &response)); !status.ok())
                    return status;
                  return response.certificate();
                });
}

absl::StatusOr<std::string> Renew(const CertificatePlace& place, const std::string& identity, absl::Duration limit) {
  return Obtain(place, identity, limit,
                [](v1::EnrolService::Stub& stub, grpc::ClientContext& context,
                   const std::string& der) -> absl::StatusOr<std::string> {
                  v1::RenewRequest request;
                  request.set_certificate_request(der);
                  v1::RenewResponse response;
                  if (absl::Status status = ToAbsl(stub.Renew(&context, request, &response)); !status.ok())
                    return status;
                  return response.certificate();
                });
}

}  // namespace crosscall::supervisor
