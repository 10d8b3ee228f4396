// Keys, and requests (PKCS #10) for certificates of them. Keys are EC on P-256, as is everything in a lab.
//
// Stateless and thread-safe.
#ifndef PROTO_SHARED_CERTIFICATE_REQUEST_H_
#define PROTO_SHARED_CERTIFICATE_REQUEST_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/shared/identity.h"
#include "proto/shared/openssl.h"

namespace crosscall::shared {

absl::StatusOr<KeyPtr> MakeKey();
// PKCS #8 in PEM, not encrypted: the file's mode is what guards it.
absl::StatusOr<std::string> KeyPem(const EVP_PKEY& key);
// INVALID_ARGUMENT: `pem` has no key.
absl::StatusOr<KeyPtr> ParseKey(absl::string_view pem);

struct KeyAndRequest {
  std::string private_key;          // PEM
  std::string certificate_request;  // DER
};

// A fresh key, and a request for `identity` that is signed with it.
absl::StatusOr<KeyAndRequest> MakeKeyAndRequest(const Identity& identity);

}  // namespace crosscall::shared

#endif  // PROTO_SHARED_CERTIFICATE_REQUEST_H_
