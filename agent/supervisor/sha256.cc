#include "agent/supervisor/sha256.h"

#include <openssl/evp.h>

#include "proto/shared/check.h"

namespace crosscall::supervisor {

std::string Sha256(absl::string_view content) {
  std::string digest(kSha256Bytes, '\0');
  unsigned int length = 0;
  const int done = EVP_Digest(content.data(), content.size(), reinterpret_cast<unsigned char*>(digest.data()), &length,
                              EVP_sha256(), nullptr);
  CROSSCALL_CHECK(done == 1 && length == kSha256Bytes, "OpenSSL has no SHA-256");
  return digest;
}

}  // namespace crosscall::supervisor
