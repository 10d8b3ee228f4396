// Join tokens, certificates and the audit log: who may become part of the lab, and who changed what.
//
// Each change and its audit entry are one transaction of the dispatcher; answers leave after its commit. Thread-safe.
#ifndef CONTROLLER_ACCESS_REGISTRY_H_
#define CONTROLLER_ACCESS_REGISTRY_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controller/access/authority.h"
#include "controller/access/refusal_limit.h"
#include "controller/access/trust.h"
#include "controller/dispatch/dispatcher.h"
#include "controller/store/access_rows.h"
#include "controller/store/store.h"

namespace crosscall::access {

inline constexpr absl::Duration kDefaultTokenLife = absl::Hours(1);
inline constexpr absl::Duration kShortestTokenLife = absl::Seconds(1);
inline constexpr absl::Duration kLongestTokenLife = absl::Hours(24);

// Who asks, for the audit log.
struct Actor {
  std::string name = "anonymous";  // the identity's URI
  std::string serial;
  std::string address;
};

struct JoinToken {
  std::string token;
  absl::Time expire_time;
};

class Registry {
 public:
  // All outlive the registry. `agent_life` is that of the certificates of agents.
  Registry(dispatch::Dispatcher& dispatcher, store::Store& store, const Authority& authority, Trust& trust,
           absl::Duration agent_life);

  const Authority& authority() const { return authority_; }

  // INVALID_ARGUMENT: the life is outside the limits above, or the rights are not for the role.
  void CreateJoinToken(const Actor& actor, const shared::Holder& holder, absl::Duration life,
                       const dispatch::Done<JoinToken>& done);
  // Codes: those of EnrolService. `request_der` as for CheckRequest.
  void Enrol(const Actor& actor, const std::string& token, const std::string& request_der,
             const dispatch::Done<Issued>& done);
  void Renew(const Actor& actor, const Caller& caller, const std::string& request_der,
             const dispatch::Done<Issued>& done);
  // One certificate by serial, or all of an identity with its unused tokens; how many were revoked. The caller's own is
  // refused (FAILED_PRECONDITION), so that a lab cannot lose its last administrator by a slip.
  void RevokeSerial(const Actor& actor, const std::string& serial, const std::string& reason,
                    const dispatch::Done<std::uint32_t>& done);
  void RevokeIdentity(const Actor& actor, const shared::Identity& identity, const std::string& reason,
                      const dispatch::Done<std::uint32_t>& done);
  // Writes the entry of a change that the dispatcher makes for `actor`.
  dispatch::Witness Auditor(const Actor& actor, const std::string& action);
  // A refusal that was decided elsewhere. May be left out of the log, counted, if there are very many.
  void RecordRefusal(const Actor& actor, const std::string& action, const std::string& object,
                     const absl::Status& refusal);

 private:
  // The dispatcher's thread only.
  absl::StatusOr<Issued> TryEnrol(dispatch::Batch& batch, const std::string& token_sha256,
                                  const absl::StatusOr<CheckedRequest>& request);
  absl::StatusOr<Issued> IssueIn(dispatch::Batch& batch, const CheckedRequest& request,
                                 const shared::OperatorRights& rights);
  void Revoke(dispatch::Batch& batch, const Actor& actor, const std::string& object, const std::string& reason,
              absl::StatusOr<std::vector<std::string>> serials, const dispatch::Done<std::uint32_t>& done);
  void Audit(dispatch::Batch& batch, const Actor& actor, const std::string& action, const std::string& object,
             const absl::Status& outcome, const std::string& detail);

  dispatch::Dispatcher& dispatcher_;
  store::Store& store_;
  const Authority& authority_;
  Trust& trust_;
  const absl::Duration agent_life_;
  RefusalLimit refusals_;  // the dispatcher's thread only
};

}  // namespace crosscall::access

#endif  // CONTROLLER_ACCESS_REGISTRY_H_
