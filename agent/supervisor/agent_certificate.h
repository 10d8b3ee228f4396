// The agent's certificate: where it is kept, how it is got with a join token, and how it is renewed.
//
// `identity.pem` in the state folder has key and certificate in one file, mode 0600, replaced at once. The key is made
// here and never leaves the board. Stateless; calls block up to their limit.
#ifndef AGENT_SUPERVISOR_AGENT_CERTIFICATE_H_
#define AGENT_SUPERVISOR_AGENT_CERTIFICATE_H_

#include <grpcpp/security/credentials.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "proto/shared/certificate.h"

namespace crosscall::supervisor {

// What stays the same for the life of the agent.
struct CertificatePlace {
  std::string controller;  // host:port
  std::string authority;   // PEM of the lab's authority
  std::string board;       // its id
  std::string file;        // identity.pem
};

// TLS to a controller of `authority`; `identity` is PEM with key and certificate, or empty to show none.
std::shared_ptr<grpc::ChannelCredentials> TlsCredentials(const std::string& authority, const std::string& identity);

// The identity on disk. NOT_FOUND: there is none. PERMISSION_DENIED: others may read it. UNAUTHENTICATED: it is not
// valid at `now`. FAILED_PRECONDITION: it is not that of this board.
absl::StatusOr<std::string> LoadIdentity(const CertificatePlace& place, absl::Time now);

// Gets the first one with `token` and stores it. Codes: those of EnrolService/Enrol, and of the disk.
absl::StatusOr<std::string> Enrol(const CertificatePlace& place, const std::string& token, absl::Duration limit);

// Gets the next one, with a new key, by `identity` and stores it. Codes: those of EnrolService/Renew, and of the disk.
absl::StatusOr<std::string> Renew(const CertificatePlace& place, const std::string& identity, absl::Duration limit);

}  // namespace crosscall::supervisor

#endif  // AGENT_SUPERVISOR_AGENT_CERTIFICATE_H_
