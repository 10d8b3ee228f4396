#include "controller/access/authority.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/access/certificate_builder.h"
#include "proto/shared/resource_name.h"
#include "proto/shared/sanitize.h"

namespace crosscall::access {
namespace {

constexpr std::size_t kMaxHostBytes = 253;

absl::StatusOr<std::string> HostName(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  if (inet_pton(AF_INET, host.c_str(), address.data()) == 1 || inet_pton(AF_INET6, host.c_str(), address.data()) == 1) {
    return absl::StrCat("IP:", host);
  }
  const bool plain =
      std::all_of(host.begin(), host.end(), [](char c) { return absl::ascii_isalnum(c) || c == '-' || c == '.'; });
  if (plain && !host.empty() && host.size() <= kMaxHostBytes) return absl::StrCat("DNS:", host);
  return absl::InvalidArgumentError(
      absl::StrCat("host \"", shared::CleanText(host, 80), "\": want a DNS name or an IP address, without a port"));
}

absl::StatusOr<std::string> KeySha256(const EVP_PKEY& key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(&key, &der);
  if (size <= 0) return absl::InternalError(absl::StrCat("public key: ", shared::OpensslError()));
  std::array<char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  const bool hashed = EVP_Digest(der, static_cast<std::size_t>(size), reinterpret_cast<unsigned char*>(digest.data()),
                                 &length, EVP_sha256(), nullptr) == 1;
  OPENSSL_free(der);
  if (!hashed) return absl::InternalError(absl::StrCat("public key: ", shared::OpensslError()));
  return absl::BytesToHexString(absl::string_view(digest.data(), length));
}

bool IsP256(const EVP_PKEY& key) {
  std::array<char, 32> group{};
  std::size_t length = 0;
  return EVP_PKEY_get_group_name(&key, group.data(), group.size(), &length) == 1 &&
         absl::string_view(group.data(), length) == "prime256v1";
}

// The library's own is a macro.
void FreeExtensions(STACK_OF(X509_EXTENSION) * extensions) {
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}

std::vector<std::string> UrisOf(X509_REQ& request) {
  const std::unique_ptr<STACK_OF(X509_EXTENSION), shared::OpensslFree<FreeExtensions>> extensions(
      X509_REQ_get_extensions(&request));
  if (extensions == nullptr) return {};
  const shared::NamesPtr names(
      static_cast<GENERAL_NAMES*>(X509V3_get_d2i(extensions.get(), NID_subject_alt_name, nullptr, nullptr)));
  return names == nullptr ? std::vector<std::string>() : shared::UrisOf(*names);
}

// What every certificate has that can issue none.
void DescribeLeaf(CertificateBuilder& builder, absl::Time now, absl::Duration life, const std::string& usage,
                  const std::vector<std::string>& names) {
  builder.SetLife(now - kClockTolerance, now + life);
  builder.Add(NID_basic_constraints, "critical,CA:FALSE");
  builder.Add(NID_key_usage, "critical,digitalSignature");
  builder.Add(NID_ext_key_usage, usage);
  builder.Add(NID_subject_alt_name, absl::StrJoin(names, ","));
}

}  // namespace

absl::StatusOr<CheckedRequest> CheckRequest(absl::string_view der) {
  const auto wrong = [](absl::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat("certificate_request: ", why));
  };
  if (der.size() > kMaxRequestBytes)
    return wrong(absl::StrCat(der.size(), " bytes; allowed: up to ", kMaxRequestBytes));
  const shared::BioPtr bio = shared::BioOf(der);
  const shared::RequestPtr request(d2i_X509_REQ_bio(bio.get(), nullptr));
  if (request == nullptr) return wrong(absl::StrCat("not PKCS #10 in DER (", shared::OpensslError(), ")"));
  CheckedRequest checked;
  checked.key.reset(X509_REQ_get_pubkey(request.get()));
  if (checked.key == nullptr || !IsP256(*checked.key)) return wrong("its key is not EC on P-256");
  if (X509_REQ_verify(request.get(), checked.key.get()) != 1) {
    return wrong(absl::StrCat("it is not signed with its own key (", shared::OpensslError(), ")"));
  }
  absl::StatusOr<shared::Identity> identity = shared::IdentityOf(UrisOf(*request));
  if (!identity.ok()) return wrong(identity.status().message());
  checked.identity = *std::move(identity);
  absl::StatusOr<std::string> sha256 = KeySha256(*checked.key);
  if (!sha256.ok()) return sha256.status();
  checked.key_sha256 = *std::move(sha256);
  return checked;
}

Authority::Authority(std::string lab, std::string pem, shared::X509Ptr certificate, shared::KeyPtr key)
    : lab_(std::move(lab)), pem_(std::move(pem)), certificate_(std::move(certificate)), key_(std::move(key)) {}

absl::StatusOr<std::unique_ptr<Authority>> Authority::Make(const std::string& lab, absl::Time now) {
  if (!shared::IsId(lab)) {
    return absl::InvalidArgumentError(
        absl::StrCat("lab \"", shared::CleanText(lab, 80), "\" is no name; want [a-z0-9-]{1,63}"));
  }
  absl::StatusOr<shared::KeyPtr> key = shared::MakeKey();
  if (!key.ok()) return key.status();
  CertificateBuilder builder(**key, lab, "crosscall authority");
  builder.SetLife(now - kClockTolerance, now + kAuthorityLife);
  builder.Add(NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  builder.Add(NID_key_usage, "critical,keyCertSign,cRLSign");
  absl::StatusOr<shared::X509Ptr> certificate = builder.Sign(nullptr, **key);
  if (!certificate.ok()) return certificate.status();
  absl::StatusOr<std::string> pem = CertificatePem(**certificate);
  if (!pem.ok()) return pem.status();
  return std::unique_ptr<Authority>(new Authority(lab, *std::move(pem), *std::move(certificate), *std::move(key)));
}

absl::StatusOr<std::unique_ptr<Authority>> Authority::Load(const std::string& certificate_pem,
                                                           const std::string& key_pem) {
  absl::StatusOr<shared::X509Ptr> certificate = shared::ParseCertificate(certificate_pem);
  if (!certificate.ok()) return certificate.status();
  absl::StatusOr<shared::KeyPtr> key = shared::ParseKey(key_pem);
  if (!key.ok()) return key.status();
  if (X509_check_private_key(certificate->get(), key->get()) != 1 || X509_check_ca(certificate->get()) != 1) {
    shared::OpensslError();
    return absl::FailedPreconditionError("the authority's key and certificate do not belong together");
  }
  const absl::StatusOr<shared::Certificate> read = shared::ReadCertificate(**certificate);
  if (!read.ok()) return read.status();
  return std::unique_ptr<Authority>(
      new Authority(read->lab, certificate_pem, *std::move(certificate), *std::move(key)));
}

absl::StatusOr<Issued> Authority::Issue(const CheckedRequest& request, absl::Time now, absl::Duration life,
                                        const shared::OperatorRights& rights) const {
  if (request.identity.lab != lab_) {
    return absl::PermissionDeniedError(
        absl::StrCat("the request is for lab ", request.identity.lab, ", this is ", lab_));
  }
  const shared::Holder holder{request.identity, rights};
  if (absl::Status status = shared::CheckHolder(holder); !status.ok()) return status;
  std::vector<std::string> names;
  for (const std::string& uri : shared::UrisOf(holder)) names.push_back(absl::StrCat("URI:", uri));
  const absl::string_view role = shared::RoleName(request.identity.role);
  CertificateBuilder builder(*request.key, lab_, absl::StrCat(role, " ", request.identity.name));
  DescribeLeaf(builder, now, life, "clientAuth", names);
  const absl::StatusOr<shared::X509Ptr> certificate = builder.Sign(certificate_.get(), *key_);
  if (!certificate.ok()) return certificate.status();
  absl::StatusOr<std::string> pem = CertificatePem(**certificate);
  if (!pem.ok()) return pem.status();
  const absl::StatusOr<shared::Certificate> read = shared::ReadCertificate(**certificate);
  if (!read.ok()) return read.status();
  return Issued{*std::move(pem), read->serial, read->not_after};
}

absl::StatusOr<std::string> Authority::IssueServer(const std::vector<std::string>& hosts, absl::Time now,
                                                   absl::Duration life) const {
  if (hosts.empty()) return absl::InvalidArgumentError("a server certificate needs a host");
  std::vector<std::string> names;
  for (const std::string& host : hosts) {
    absl::StatusOr<std::string> name = HostName(host);
    if (!name.ok()) return name.status();
    names.push_back(*std::move(name));
  }
  const absl::StatusOr<shared::KeyPtr> key = shared::MakeKey();
  if (!key.ok()) return key.status();
  CertificateBuilder builder(**key, lab_, "controller");
  DescribeLeaf(builder, now, life, "serverAuth", names);
  const absl::StatusOr<shared::X509Ptr> certificate = builder.Sign(certificate_.get(), *key_);
  if (!certificate.ok()) return certificate.status();
  const absl::StatusOr<std::string> certificate_pem = CertificatePem(**certificate);
  if (!certificate_pem.ok()) return certificate_pem.status();
  const absl::StatusOr<std::string> key_pem = shared::KeyPem(**key);
  if (!key_pem.ok()) return key_pem.status();
  return absl::StrCat(*key_pem, *certificate_pem);
}

}  // namespace crosscall::access
