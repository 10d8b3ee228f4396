// What crosscall reads from X.509 certificates. Trust is decided elsewhere: nothing here looks at signatures.
//
// Stateless and thread-safe.
#ifndef PROTO_SHARED_CERTIFICATE_H_
#define PROTO_SHARED_CERTIFICATE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "proto/shared/identity.h"
#include "proto/shared/openssl.h"

namespace crosscall::shared {

struct Certificate {
  std::string serial;  // lower-case hexadecimal
  std::string lab;     // the subject's organization
  std::vector<std::string> uris;
  absl::Time not_before;
  absl::Time not_after;
};

// The first certificate of a PEM text; other blocks, such as keys, are passed over. INVALID_ARGUMENT: there is none.
absl::StatusOr<X509Ptr> ParseCertificate(absl::string_view pem);
absl::StatusOr<Certificate> ReadCertificate(const X509& certificate);
absl::StatusOr<Certificate> ReadCertificate(absl::string_view pem);

// The URIs of a list of alternative names.
std::vector<std::string> UrisOf(const GENERAL_NAMES& names);

// INVALID_ARGUMENT unless `uris` is one identity, without any right: what requests and agents have.
absl::StatusOr<Identity> IdentityOf(const std::vector<std::string>& uris);

// UNAUTHENTICATED if `now`, by the clock of `whose`, is outside the certificate's life: says both times, since a wrong
// clock is as likely as an old certificate.
absl::Status CheckValidity(const Certificate& certificate, absl::Time now, absl::string_view whose);

// When two thirds of its life are over.
absl::Time RenewalTime(const Certificate& certificate);

}  // namespace crosscall::shared

#endif  // PROTO_SHARED_CERTIFICATE_H_
