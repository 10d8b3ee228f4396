#include "controller/metrics/tls_identity.h"

#include <openssl/pem.h>
#include <sys/stat.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/shared/certificate.h"
#include "proto/shared/certificate_request.h"
#include "proto/shared/durable_file.h"
#include "proto/shared/log.h"
#include "proto/shared/private_file.h"

namespace crosscall::metrics {
namespace {

absl::Status At(const std::string& file, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(file, ": ", status.message()));
}

absl::Status Failed(const std::string& what) {
  return absl::InternalError(absl::StrCat(what, ": ", shared::OpensslError()));
}

absl::Status AskForCertificates(SSL_CTX& context, const std::string& authority_file) {
  // Read here too, since the library's error tells a missing file from a damaged one to nobody.
  const absl::StatusOr<std::string> pem = shared::ReadFile(authority_file, shared::kMaxPemBytes);
  if (!pem.ok()) return pem.status();
  if (absl::Status status = shared::ParseCertificate(*pem).status(); !status.ok()) return At(authority_file, status);
  STACK_OF(X509_NAME)* const names = SSL_load_client_CA_file(authority_file.c_str());
  if (names == nullptr || SSL_CTX_load_verify_locations(&context, authority_file.c_str(), nullptr) != 1) {
    return Failed(authority_file);
  }
  // The context owns them now.
  SSL_CTX_set_client_CA_list(&context, names);
  SSL_CTX_set_verify(&context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return absl::OkStatus();
}

}  // namespace

void TlsIdentity::FreeCertificates(STACK_OF(X509) * certificates) { sk_X509_pop_free(certificates, X509_free); }

absl::StatusOr<TlsIdentity::Content> TlsIdentity::Read(const std::string& file) {
  const absl::StatusOr<std::string> pem = shared::ReadPrivateFile(file);
  if (!pem.ok()) return pem.status();
  absl::StatusOr<shared::KeyPtr> key = shared::ParseKey(*pem);
  if (!key.ok()) return At(file, key.status());
  absl::StatusOr<shared::X509Ptr> certificate = shared::ParseCertificate(*pem);
  if (!certificate.ok()) return At(file, certificate.status());
  if (X509_check_private_key(certificate->get(), key->get()) != 1) {
    shared::OpensslError();
    return absl::InvalidArgumentError(absl::StrCat(file, ": its key is not that of its first certificate"));
  }
  Content content{*std::move(key), *std::move(certificate), nullptr};
  content.chain.reset(sk_X509_new_null());
  if (content.chain == nullptr) return Failed(file);
  const shared::BioPtr bio = shared::BioOf(*pem);
  for (bool first = true;; first = false) {
    shared::X509Ptr next(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (next == nullptr) break;
    if (!first && sk_X509_push(content.chain.get(), next.release()) == 0) return Failed(file);
  }
  // The end of the file is an error to the library.
  ERR_clear_error();
  return content;
}

TlsIdentity::Version TlsIdentity::VersionOf(const std::string& file) {
  struct stat status = {};
  if (stat(file.c_str(), &status) != 0) return {};
  return {.inode = status.st_ino,
          .size = status.st_size,
          .change_nanos = absl::ToUnixNanos(absl::TimeFromTimespec(status.st_ctim))};
}

absl::StatusOr<std::unique_ptr<TlsIdentity>> TlsIdentity::Load(std::string file, absl::Time now) {
  const Version version = VersionOf(file);
  absl::StatusOr<Content> content = Read(file);
  if (!content.ok()) return content.status();
  const absl::StatusOr<shared::Certificate> read = shared::ReadCertificate(*content->certificate);
  if (!read.ok()) return At(file, read.status());
  if (now >= read->not_after) {
    return absl::FailedPreconditionError(absl::StrCat(
        file, ": its certificate ended at ", absl::FormatTime(absl::RFC3339_sec, read->not_after, absl::UTCTimeZone()),
        "; no scraper would accept it"));
  }
  std::unique_ptr<TlsIdentity> identity(new TlsIdentity(std::move(file)));
  const shared::MutexLock lock(identity->mutex_);
  identity->version_ = version;
  identity->content_ = *std::move(content);
  return identity;
}

void TlsIdentity::TakeUp() {
  const Version version = VersionOf(file_);
  if (version == version_) return;
  // Also if it is no good: it is told once.
  version_ = version;
  absl::StatusOr<Content> content = Read(file_);
  if (content.ok()) {
    content_ = *std::move(content);
    shared::LogInfo("metrics", absl::StrCat("took up the new certificate in ", file_));
  } else {
    shared::LogWarning("metrics", absl::StrCat("the former certificate stays in use: ", content.status().message()));
  }
}

int TlsIdentity::OnHandshake(SSL* connection, void* self) {
  auto& identity = *static_cast<TlsIdentity*>(self);
  const shared::MutexLock lock(identity.mutex_);
  identity.TakeUp();
  const Content& content = identity.content_;
  return SSL_use_cert_and_key(connection, content.certificate.get(), content.key.get(), content.chain.get(), 1);
}

absl::Status TlsIdentity::Protect(SSL_CTX& context, const std::string& client_ca_file) {
  if (SSL_CTX_set_min_proto_version(&context, TLS1_2_VERSION) != 1) return Failed("TLS 1.2");
  // Whoever may come is judged at each connection.
  SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(&context, SSL_OP_NO_TICKET);
  SSL_CTX_set_cert_cb(&context, OnHandshake, this);
  return client_ca_file.empty() ? absl::OkStatus() : AskForCertificates(context, client_ca_file);
}

}  // namespace crosscall::metrics
