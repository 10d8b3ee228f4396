// The certificate that the metrics port shows, and whom it asks for one.
#ifndef CONTROLLER_METRICS_TLS_IDENTITY_H_
#define CONTROLLER_METRICS_TLS_IDENTITY_H_

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "proto/shared/mutex.h"
#include "proto/shared/openssl.h"

namespace crosscall::metrics {

// The key, the certificate and those that lead from it to its authority, in one PEM file. A file that was replaced is
// taken up with the next connection; one that is no good leaves the former in use. Thread-safe.
class TlsIdentity {
 public:
  // PERMISSION_DENIED: others may read the file. INVALID_ARGUMENT: no key or no certificate, or they do not belong
  // together. FAILED_PRECONDITION: the certificate has ended at `now`.
  static absl::StatusOr<std::unique_ptr<TlsIdentity>> Load(std::string file, absl::Time now);

  // Connections of `context` show it from now on; it outlives them. `client_ca_file` not empty: they need a certificate
  // of that authority. NOT_FOUND, INVALID_ARGUMENT: the file has no certificate.
  absl::Status Protect(SSL_CTX& context, const std::string& client_ca_file);

 private:
  // Tells one state of the file from another.
  struct Version {
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t change_nanos = 0;

    friend bool operator==(const Version&, const Version&) = default;
  };
  // The library's own is a macro.
  static void FreeCertificates(STACK_OF(X509) * certificates);
  struct Content {
    shared::KeyPtr key;
    shared::X509Ptr certificate;
    std::unique_ptr<STACK_OF(X509), shared::OpensslFree<FreeCertificates>> chain;
  };

  explicit TlsIdentity(std::string file) : file_(std::move(file)) {}
  static absl::StatusOr<Content> Read(const std::string& file);
  static Version VersionOf(const std::string& file);
  static int OnHandshake(SSL* connection, void* self);
  void TakeUp() CROSSCALL_REQUIRES(mutex_);

  const std::string file_;
  shared::Mutex mutex_;
  Version version_ CROSSCALL_GUARDED_BY(mutex_);
  Content content_ CROSSCALL_GUARDED_BY(mutex_);
};

}  // namespace crosscall::metrics

#endif  // CONTROLLER_METRICS_TLS_IDENTITY_H_
