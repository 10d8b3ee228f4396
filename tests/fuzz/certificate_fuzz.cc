// Certificates, requests for them and the identities in both, as strangers may send them: an answer for all bytes, one
// spelling for whatever is accepted, and nobody whom the authority does not know. The first byte chooses the reader.
#include <openssl/x509.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "controller/access/authority.h"
#include "controller/access/trust.h"
#include "proto/shared/certificate.h"
#include "proto/shared/check.h"
#include "proto/shared/clock.h"
#include "proto/shared/operator_rights.h"

namespace {

namespace access = crosscall::access;
namespace shared = crosscall::shared;

void ExpectTextAtFault(const absl::Status& status) {
  CROSSCALL_CHECK(status.ok() || status.code() == absl::StatusCode::kInvalidArgument, "the bytes are at fault");
  CROSSCALL_CHECK(status.ok() || !status.message().empty(), "an error says what is wrong");
  CROSSCALL_CHECK(status.message().size() < 4096, "an error is short, whatever was sent");
}

void JudgeUris(const std::vector<std::string>& uris) {
  const absl::StatusOr<shared::Holder> holder = shared::HolderOf(uris);
  ExpectTextAtFault(holder.status());
  const absl::StatusOr<shared::Identity> identity = shared::IdentityOf(uris);
  ExpectTextAtFault(identity.status());
  if (holder.ok()) {
    CROSSCALL_CHECK(shared::UrisOf(*holder) == uris, "who is accepted has one spelling");
    CROSSCALL_CHECK(shared::CheckHolder(*holder).ok(), "only operators have rights");
    CROSSCALL_CHECK(identity.ok() == holder->rights.empty(), "a right is no part of an identity");
  }
  if (identity.ok()) {
    CROSSCALL_CHECK(holder.ok() && holder->identity == *identity, "both readers see the same identity");
    CROSSCALL_CHECK(uris == std::vector<std::string>{shared::ToUri(*identity)}, "an identity has one spelling");
  }
}

void JudgeCertificate(const X509& x509) {
  const absl::StatusOr<shared::Certificate> certificate = shared::ReadCertificate(x509);
  ExpectTextAtFault(certificate.status());
  if (certificate.ok()) JudgeUris(certificate->uris);
}

void JudgePem(const std::string& text) {
  static const auto* const authority =
      new std::unique_ptr<access::Authority>(*access::Authority::Make("lab", shared::SystemClock().Wall()));
  static auto* const trust =
      new std::unique_ptr<access::Trust>(*access::Trust::Make((*authority)->certificate(), shared::SystemClock()));
  const absl::StatusOr<shared::X509Ptr> x509 = shared::ParseCertificate(text);
  ExpectTextAtFault(x509.status());
  if (x509.ok()) JudgeCertificate(**x509);
  // Nobody has this process's key.
  const absl::Status caller = (*trust)->Verify(text).status();
  CROSSCALL_CHECK(caller.code() == absl::StatusCode::kUnauthenticated, "an authority knows its own alone");
}

void JudgeDer(const std::uint8_t* data, std::size_t size) {
  const shared::X509Ptr x509(d2i_X509(nullptr, &data, static_cast<long>(size)));
  if (x509 != nullptr) JudgeCertificate(*x509);
}

void JudgeNames(const std::uint8_t* data, std::size_t size) {
  const shared::NamesPtr names(d2i_GENERAL_NAMES(nullptr, &data, static_cast<long>(size)));
  if (names != nullptr) JudgeUris(shared::UrisOf(*names));
}

void JudgeRequest(const std::string& der) {
  const absl::StatusOr<access::CheckedRequest> request = access::CheckRequest(der);
  ExpectTextAtFault(request.status());
  if (!request.ok()) return;
  CROSSCALL_CHECK(request->key_sha256.size() == 64, "a key has one digest");
  CROSSCALL_CHECK(shared::ParseIdentity(shared::ToUri(request->identity)).ok(), "an identity can be written down");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::uint8_t choice = data[0] % 5;
  const std::string rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (choice == 0) JudgePem(rest);
  if (choice == 1) JudgeDer(data + 1, size - 1);
  if (choice == 2) JudgeNames(data + 1, size - 1);
  if (choice == 3) JudgeRequest(rest);
  if (choice == 4) JudgeUris(absl::StrSplit(rest, '\n', absl::SkipEmpty()));
  ERR_clear_error();
  return 0;
}
