// How crosscallctl proves who calls, and knows whom it calls.
#ifndef CONTROLLER_CLI_CREDENTIALS_H_
#define CONTROLLER_CLI_CREDENTIALS_H_

#include <grpcpp/security/credentials.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace crosscall::cli {

// Paths of PEM files.
struct CredentialFiles {
  // The lab's authority; empty: plain text, to this machine only.
  std::string ca;
  // Empty: none is shown, which is good for enrolling only.
  std::string cert;
  // Empty: in the same file as the certificate.
  std::string key;
};

// Codes: INVALID_ARGUMENT (a certificate without an authority; files that hold none), FAILED_PRECONDITION (plain text
// to another machine), UNAUTHENTICATED (the certificate is not valid at `now`), PERMISSION_DENIED (the key may be read
// by others), NOT_FOUND.
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(const CredentialFiles& files,
                                                                          const std::string& address, absl::Time now);

}  // namespace crosscall::cli

#endif  // CONTROLLER_CLI_CREDENTIALS_H_
