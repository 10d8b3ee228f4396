// Certificates and all that depends on them, of a controller that serves.
#ifndef CONTROLLER_PROTECTION_H_
#define CONTROLLER_PROTECTION_H_

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controller/access/authority.h"
#include "controller/access/registry.h"
#include "controller/access/trust.h"
#include "controller/api/gate.h"
#include "controller/api/request_counts.h"
#include "controller/api/server.h"
#include "controller/dispatch/dispatcher.h"
#include "controller/store/store.h"

namespace crosscall {

// Members refer to each other, so it never moves. Thread-safe once made.
class Protection {
 public:
  // `agent_life`: of the certificates that agents get. What is handed over outlives the protection. Codes: those of
  // access::LoadAuthority, access::CheckServerFile and the store.
  static absl::StatusOr<std::unique_ptr<Protection>> Make(const std::string& state_dir, absl::Duration agent_life,
                                                          dispatch::Dispatcher& dispatcher, store::Store& store,
                                                          api::RequestCounts& counts);
  const api::Security& security() const { return security_; }
  // As in access::Trust.
  std::map<std::string, absl::Time> AgentCertificateEnds() const { return trust_->AgentCertificateEnds(); }

 private:
  Protection(const std::string& state_dir, absl::Duration agent_life, std::unique_ptr<access::Authority> authority,
             std::unique_ptr<access::Trust> trust, dispatch::Dispatcher& dispatcher, store::Store& store,
             api::RequestCounts& counts);

  const std::unique_ptr<access::Authority> authority_;
  const std::unique_ptr<access::Trust> trust_;
  access::Registry registry_;
  api::Gate gate_;
  const api::Security security_;
};

}  // namespace crosscall

#endif  // CONTROLLER_PROTECTION_H_
