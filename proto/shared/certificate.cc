#include "proto/shared/certificate.h"

#include <openssl/pem.h>

#include <ctime>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace crosscall::shared {
namespace {

absl::StatusOr<absl::Time> TimeOfAsn1(const ASN1_TIME* time) {
  std::tm fields = {};
  if (time == nullptr || ASN1_TIME_to_tm(time, &fields) != 1) {
    return absl::InvalidArgumentError("certificate: its life has no readable limits");
  }
  return absl::FromTM(fields, absl::UTCTimeZone());
}

absl::StatusOr<std::string> SerialOf(const X509& certificate) {
  const std::unique_ptr<BIGNUM, OpensslFree<BN_free>> number(
      ASN1_INTEGER_to_BN(X509_get0_serialNumber(&certificate), nullptr));
  if (number == nullptr) return absl::InvalidArgumentError("certificate: it has no serial number");
  char* const hex = BN_bn2hex(number.get());
  if (hex == nullptr) return absl::InternalError(absl::StrCat("certificate serial: ", OpensslError()));
  std::string serial = absl::AsciiStrToLower(hex);
  OPENSSL_free(hex);
  return serial;
}

std::string OrganizationOf(const X509& certificate) {
  X509_NAME* const subject = X509_get_subject_name(&certificate);
  const int index = X509_NAME_get_index_by_NID(subject, NID_organizationName, -1);
  if (index < 0) return "";
  const ASN1_STRING* const text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index));
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string Shown(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone()); }

}  // namespace

absl::StatusOr<X509Ptr> ParseCertificate(absl::string_view pem) {
  const BioPtr bio = BioOf(pem);
  X509Ptr certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("no certificate in PEM form (", OpensslError(), ")"));
  }
  return certificate;
}

std::vector<std::string> UrisOf(const GENERAL_NAMES& names) {
  std::vector<std::string> uris;
  for (int i = 0; i < sk_GENERAL_NAME_num(&names); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(&names, i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* const uri = name->d.uniformResourceIdentifier;
    uris.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                      static_cast<std::size_t>(ASN1_STRING_length(uri)));
  }
  return uris;
}

absl::StatusOr<Certificate> ReadCertificate(const X509& certificate) {
  Certificate read;
  absl::StatusOr<std::string> serial = SerialOf(certificate);
  if (!serial.ok()) return serial.status();
  read.serial = *std::move(serial);
  read.lab = OrganizationOf(certificate);
  const absl::StatusOr<absl::Time> begin = TimeOfAsn1(X509_get0_notBefore(&certificate));
  if (!begin.ok()) return begin.status();
  const absl::StatusOr<absl::Time> end = TimeOfAsn1(X509_get0_notAfter(&certificate));
  if (!end.ok()) return end.status();
  read.not_before = *begin;
  read.not_after = *end;
  const NamesPtr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (names != nullptr) read.uris = UrisOf(*names);
  return read;
}

absl::StatusOr<Certificate> ReadCertificate(absl::string_view pem) {
  absl::StatusOr<X509Ptr> certificate = ParseCertificate(pem);
  if (!certificate.ok()) return certificate.status();
  return ReadCertificate(**certificate);
}

absl::StatusOr<Identity> IdentityOf(const std::vector<std::string>& uris) {
  if (uris.size() != 1) {
    return absl::InvalidArgumentError(absl::StrCat("found ", uris.size(),
                                                   " URIs among the subject alternative names; want one, the identity "
                                                   "crosscall://LAB/ROLE/NAME"));
  }
  return ParseIdentity(uris.front());
}

absl::Status CheckValidity(const Certificate& certificate, absl::Time now, absl::string_view whose) {
  if (now >= certificate.not_before && now < certificate.not_after) return absl::OkStatus();
  const bool early = now < certificate.not_before;
  return absl::UnauthenticatedError(absl::StrCat(
      "certificate ", certificate.serial, early ? " is valid only from " : " expired at ",
      Shown(early ? certificate.not_before : certificate.not_after), "; it is ", Shown(now), " by the clock of ", whose,
      early ? ": set the clock that is wrong" : ": enrol again with a new join token, or set the clock that is wrong"));
}

absl::Time RenewalTime(const Certificate& certificate) {
  return certificate.not_before + (certificate.not_after - certificate.not_before) * 2 / 3;
}

}  // namespace crosscall::shared
