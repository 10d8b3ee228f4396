#include "proto/shared/certificate_request.h"

#include <openssl/pem.h>

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace crosscall::shared {
namespace {

absl::Status Failed(absl::string_view what) { return absl::InternalError(absl::StrCat(what, ": ", OpensslError())); }

// The library's own is a macro.
void FreeExtensions(STACK_OF(X509_EXTENSION) * extensions) { sk_X509_EXTENSION_free(extensions); }

absl::Status AddIdentity(X509_REQ& request, const Identity& identity) {
  const std::string value = absl::StrCat("URI:", ToUri(identity));
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, value.c_str()));
  const std::unique_ptr<STACK_OF(X509_EXTENSION), OpensslFree<FreeExtensions>> extensions(sk_X509_EXTENSION_new_null());
  if (extension == nullptr || extensions == nullptr || sk_X509_EXTENSION_push(extensions.get(), extension.get()) == 0 ||
      X509_REQ_add_extensions(&request, extensions.get()) != 1) {
    return Failed("adding the identity to a certificate request");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<KeyPtr> MakeKey() {
  KeyPtr key(EVP_EC_gen("P-256"));
  if (key == nullptr) return Failed("making a key");
  return key;
}

absl::StatusOr<std::string> KeyPem(const EVP_PKEY& key) {
  const BioPtr bio(BIO_new(BIO_s_secmem()));
  if (bio == nullptr || PEM_write_bio_PKCS8PrivateKey(bio.get(), &key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return Failed("writing a key");
  }
  return BytesOf(*bio);
}

absl::StatusOr<KeyPtr> ParseKey(absl::string_view pem) {
  const BioPtr bio = BioOf(pem);
  KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  if (key == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("no private key in PEM form (", OpensslError(), ")"));
  }
  return key;
}

absl::StatusOr<KeyAndRequest> MakeKeyAndRequest(const Identity& identity) {
  const absl::StatusOr<KeyPtr> key = MakeKey();
  if (!key.ok()) return key.status();
  const RequestPtr request(X509_REQ_new());
  if (request == nullptr || X509_REQ_set_pubkey(request.get(), key->get()) != 1) return Failed("certificate request");
  if (absl::Status status = AddIdentity(*request, identity); !status.ok()) return status;
  if (X509_REQ_sign(request.get(), key->get(), EVP_sha256()) <= 0) return Failed("signing a certificate request");
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || i2d_X509_REQ_bio(bio.get(), request.get()) != 1) return Failed("certificate request");
  absl::StatusOr<std::string> pem = KeyPem(**key);
  if (!pem.ok()) return pem.status();
  return KeyAndRequest{*std::move(pem), BytesOf(*bio)};
}

}  // namespace crosscall::shared
