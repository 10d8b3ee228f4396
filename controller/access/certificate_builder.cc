#include "controller/access/certificate_builder.h"

#include <openssl/pem.h>
#include <openssl/rand.h>

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"

namespace crosscall::access {
namespace {

constexpr long kVersion3 = 2;

void AddEntry(X509_NAME* name, const char* field, absl::string_view text) {
  X509_NAME_add_entry_by_txt(name, field, MBSTRING_ASC, reinterpret_cast<const unsigned char*>(text.data()),
                             static_cast<int>(text.size()), -1, 0);
}

bool SetRandomSerial(X509& certificate) {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) return false;
  // Positive, and never shorter: serials are compared as text.
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x3f) | 0x40);
  const std::unique_ptr<BIGNUM, shared::OpensslFree<BN_free>> number(BN_bin2bn(bytes.data(), bytes.size(), nullptr));
  return number != nullptr && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(&certificate)) != nullptr;
}

}  // namespace

CertificateBuilder::CertificateBuilder(EVP_PKEY& key, absl::string_view organization, absl::string_view common_name)
    : certificate_(X509_new()) {
  Check(certificate_ != nullptr && X509_set_version(certificate_.get(), kVersion3) == 1, "making a certificate");
  if (!status_.ok()) return;
  Check(SetRandomSerial(*certificate_), "certificate serial");
  X509_NAME* const subject = X509_get_subject_name(certificate_.get());
  AddEntry(subject, "O", organization);
  AddEntry(subject, "CN", common_name);
  Check(X509_NAME_entry_count(subject) == 2, "certificate subject");
  Check(X509_set_pubkey(certificate_.get(), &key) == 1, "certificate key");
}

void CertificateBuilder::Check(bool good, absl::string_view what) {
  if (status_.ok() && !good) status_ = absl::InternalError(absl::StrCat(what, ": ", shared::OpensslError()));
}

void CertificateBuilder::SetLife(absl::Time not_before, absl::Time not_after) {
  if (!status_.ok()) return;
  Check(ASN1_TIME_set(X509_getm_notBefore(certificate_.get()), absl::ToTimeT(not_before)) != nullptr &&
            ASN1_TIME_set(X509_getm_notAfter(certificate_.get()), absl::ToTimeT(not_after)) != nullptr,
        "certificate life");
}

void CertificateBuilder::Add(int nid, const std::string& value) {
  if (!status_.ok()) return;
  const shared::ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str()));
  Check(extension != nullptr && X509_add_ext(certificate_.get(), extension.get(), -1) == 1, "certificate extension");
}

absl::StatusOr<shared::X509Ptr> CertificateBuilder::Sign(X509* issuer, EVP_PKEY& issuer_key) {
  if (status_.ok()) {
    X509* const by = issuer == nullptr ? certificate_.get() : issuer;
    Check(X509_set_issuer_name(certificate_.get(), X509_get_subject_name(by)) == 1 &&
              X509_sign(certificate_.get(), &issuer_key, EVP_sha256()) > 0,
          "signing a certificate");
  }
  if (!status_.ok()) return status_;
  return std::move(certificate_);
}

absl::StatusOr<std::string> CertificatePem(X509& certificate) {
  const shared::BioPtr bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || PEM_write_bio_X509(bio.get(), &certificate) != 1) {
    return absl::InternalError(absl::StrCat("writing a certificate: ", shared::OpensslError()));
  }
  return shared::BytesOf(*bio);
}

}  // namespace crosscall::access
