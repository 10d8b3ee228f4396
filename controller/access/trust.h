// Who calls: decides whether a client's certificate is one of this lab's, whole, in time and not revoked.
//
// TLS proves that the client has the certificate's key, and nothing more (server.cc asks it not to judge): judged here,
// a refusal has a reason that a person can act on, an audit entry, and takes effect on connections that are open.
#ifndef CONTROLLER_ACCESS_TRUST_H_
#define CONTROLLER_ACCESS_TRUST_H_

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "proto/shared/certificate.h"
#include "proto/shared/clock.h"
#include "proto/shared/identity.h"
#include "proto/shared/mutex.h"
#include "proto/shared/operator_rights.h"

namespace crosscall::access {

// An authenticated caller.
struct Caller {
  shared::Identity identity;
  std::string serial;
  shared::OperatorRights rights;
};

// Thread-safe.
class Trust {
 public:
  // INVALID_ARGUMENT: `authority_pem` has no certificate. `clock` outlives it.
  static absl::StatusOr<std::unique_ptr<Trust>> Make(const std::string& authority_pem, const shared::Clock& clock);
  ~Trust();

  // UNAUTHENTICATED says why not.
  absl::StatusOr<Caller> Verify(absl::string_view certificate_pem) CROSSCALL_EXCLUDES(mutex_);
  // When the certificate ends that the agent of each board (its id) showed last, of those that Verify accepted.
  std::map<std::string, absl::Time> AgentCertificateEnds() CROSSCALL_EXCLUDES(mutex_);
  // From now on Verify refuses these.
  void Revoke(const std::vector<std::string>& serials) CROSSCALL_EXCLUDES(mutex_);

 private:
  struct Anchor;
  struct Known {
    Caller caller;
    shared::Certificate certificate;
  };
  Trust(std::unique_ptr<Anchor> anchor, const shared::Clock& clock);

  // All that does not change with time.
  absl::StatusOr<Known> Inspect(absl::string_view pem) const;

  const std::unique_ptr<Anchor> anchor_;
  const shared::Clock& clock_;
  shared::Mutex mutex_;
  // Signatures are checked once a certificate, not once a call. Only good ones are kept, so the lab bounds it.
  std::unordered_map<std::string, Known> known_ CROSSCALL_GUARDED_BY(mutex_);
  std::unordered_set<std::string> revoked_ CROSSCALL_GUARDED_BY(mutex_);
  // Only our authority names agents, so the lab bounds it.
  std::map<std::string, absl::Time> agent_ends_ CROSSCALL_GUARDED_BY(mutex_);
};

}  // namespace crosscall::access

#endif  // CONTROLLER_ACCESS_TRUST_H_
