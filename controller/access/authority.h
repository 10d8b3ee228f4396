// The lab's certificate authority: one key that signs what its people, agents and controller show each other.
//
// Every certificate but its own and the server's names one identity, as a URI, and may be used by clients only. The
// server's names hosts and may be used by servers only: neither can pose as the other. Thread-safe after construction.
#ifndef CONTROLLER_ACCESS_AUTHORITY_H_
#define CONTROLLER_ACCESS_AUTHORITY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "proto/shared/certificate.h"
#include "proto/shared/certificate_request.h"
#include "proto/shared/identity.h"
#include "proto/shared/openssl.h"
#include "proto/shared/operator_rights.h"

namespace crosscall::access {

// Certificates begin this much before they are made: clocks of a lab differ.
inline constexpr absl::Duration kClockTolerance = absl::Minutes(5);
inline constexpr absl::Duration kAuthorityLife = absl::Hours(24 * 3650);
// People do not renew by themselves, as agents do.
inline constexpr absl::Duration kPersonLife = absl::Hours(24 * 365);
inline constexpr std::size_t kMaxRequestBytes = 4096;

// A request for a certificate, its own signature checked.
struct CheckedRequest {
  shared::Identity identity;
  shared::KeyPtr key;
  std::string key_sha256;  // of the public key, hexadecimal
};
// `der` is PKCS #10. INVALID_ARGUMENT: damaged, signed with another key, no P-256 key, or not exactly one identity.
absl::StatusOr<CheckedRequest> CheckRequest(absl::string_view der);

struct Issued {
  std::string pem;
  std::string serial;
  absl::Time not_after;
};

class Authority {
 public:
  // Makes the key. INVALID_ARGUMENT: `lab` is not [a-z0-9-]{1,63}.
  static absl::StatusOr<std::unique_ptr<Authority>> Make(const std::string& lab, absl::Time now);
  // INVALID_ARGUMENT: not PEM; FAILED_PRECONDITION: the key is another certificate's, or the certificate no authority.
  static absl::StatusOr<std::unique_ptr<Authority>> Load(const std::string& certificate_pem,
                                                         const std::string& key_pem);

  const std::string& lab() const { return lab_; }
  const std::string& certificate() const { return pem_; }  // PEM
  absl::StatusOr<std::string> PrivateKey() const { return shared::KeyPem(*key_); }

  // For the key and identity of `request`, which must be one of this lab (PERMISSION_DENIED). INVALID_ARGUMENT:
  // `rights` are not for its role.
  absl::StatusOr<Issued> Issue(const CheckedRequest& request, absl::Time now, absl::Duration life,
                               const shared::OperatorRights& rights = {}) const;
  // A fresh key and its certificate, in one PEM text, for the names and addresses by which clients call the server.
  // INVALID_ARGUMENT: one of `hosts` is neither, or there is none.
  absl::StatusOr<std::string> IssueServer(const std::vector<std::string>& hosts, absl::Time now,
                                          absl::Duration life) const;

 private:
  Authority(std::string lab, std::string pem, shared::X509Ptr certificate, shared::KeyPtr key);

  const std::string lab_;
  const std::string pem_;
  const shared::X509Ptr certificate_;
  const shared::KeyPtr key_;
};

}  // namespace crosscall::access

#endif  // CONTROLLER_ACCESS_AUTHORITY_H_
