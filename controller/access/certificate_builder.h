// Puts one X.509 certificate together. The first error stays and is what Sign returns.
#ifndef CONTROLLER_ACCESS_CERTIFICATE_BUILDER_H_
#define CONTROLLER_ACCESS_CERTIFICATE_BUILDER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "proto/shared/openssl.h"

namespace crosscall::access {

// Not thread-safe.
class CertificateBuilder {
 public:
  // For `key`, with a random serial number of 127 bits.
  CertificateBuilder(EVP_PKEY& key, absl::string_view organization, absl::string_view common_name);

  void SetLife(absl::Time not_before, absl::Time not_after);
  // An extension as libcrypto's configuration files write it. `value` must be of our own making.
  void Add(int nid, const std::string& value);
  // `issuer` null: by itself.
  absl::StatusOr<shared::X509Ptr> Sign(X509* issuer, EVP_PKEY& issuer_key);

 private:
  void Check(bool good, absl::string_view what);

  absl::Status status_;
  shared::X509Ptr certificate_;
};

absl::StatusOr<std::string> CertificatePem(X509& certificate);

}  // namespace crosscall::access

#endif  // CONTROLLER_ACCESS_CERTIFICATE_BUILDER_H_
