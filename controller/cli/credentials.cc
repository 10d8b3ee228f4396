#include "controller/cli/credentials.h"

#include <grpcpp/grpcpp.h>

#include "absl/strings/str_cat.h"
#include "proto/shared/certificate.h"
#include "proto/shared/certificate_request.h"
#include "proto/shared/durable_file.h"
#include "proto/shared/loopback.h"
#include "proto/shared/private_file.h"

namespace crosscall::cli {
namespace {

absl::Status Within(const std::string& file, const absl::Status& status) {
  return status.ok() ? status : absl::Status(status.code(), absl::StrCat(file, ": ", status.message()));
}

absl::Status CheckPair(const CredentialFiles& files, const std::string& cert, const std::string& key, absl::Time now) {
  const absl::StatusOr<shared::Certificate> certificate = shared::ReadCertificate(cert);
  if (!certificate.ok()) return Within(files.cert, certificate.status());
  if (absl::Status status = shared::ParseKey(key).status(); !status.ok()) {
    return Within(files.key.empty() ? files.cert : files.key, status);
  }
  return Within(files.cert, shared::CheckValidity(*certificate, now, "this machine"));
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(const CredentialFiles& files,
                                                                          const std::string& address, absl::Time now) {
  if (files.ca.empty()) {
    if (!files.cert.empty() || !files.key.empty()) {
      return absl::InvalidArgumentError("--cert and --key need --ca, the certificate of the lab's authority");
    }
    if (shared::IsLoopbackTarget(address)) return grpc::InsecureChannelCredentials();
    return absl::FailedPreconditionError(absl::StrCat(
        address, " is another machine, and without --ca the call would go there in plain text: give --ca and --cert"));
  }
  grpc::SslCredentialsOptions options;
  absl::StatusOr<std::string> ca = shared::ReadFile(files.ca, shared::kMaxPemBytes);
  if (!ca.ok()) return ca.status();
  if (absl::Status status = shared::ParseCertificate(*ca).status(); !status.ok()) return Within(files.ca, status);
  options.pem_root_certs = *std::move(ca);
  if (!files.cert.empty()) {
    absl::StatusOr<std::string> cert = shared::ReadFile(files.cert, shared::kMaxPemBytes);
    if (!cert.ok()) return cert.status();
    absl::StatusOr<std::string> key = shared::ReadPrivateFile(files.key.empty() ? files.cert : files.key);
    if (!key.ok()) return key.status();
    if (absl::Status status = CheckPair(files, *cert, *key, now); !status.ok()) return status;
    options.pem_cert_chain = *std::move(cert);
    options.pem_private_key = *std::move(key);
  }
  return grpc::SslCredentials(options);
}

}  // namespace crosscall::cli
