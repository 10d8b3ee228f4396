// Every call passes here before anything of ours reads it: who calls, and may he?
//
// gRPC asks once a call, for streams as for others, on connections old and new. Thread-safe.
#ifndef CONTROLLER_API_GATE_H_
#define CONTROLLER_API_GATE_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controller/access/registry.h"
#include "controller/access/trust.h"
#include "controller/api/request_counts.h"
#include "controller/dispatch/done.h"
#include "grpcpp/security/auth_context.h"
#include "grpcpp/security/auth_metadata_processor.h"
#include "grpcpp/server_context.h"

namespace crosscall::api {

// Where a call came from, harmless to show.
std::string AddressOf(const grpc::ServerContextBase& context);

class Gate {
 public:
  // All outlive the gate and the server that has it.
  Gate(access::Trust& trust, access::Registry& registry, RequestCounts& counts)
      : trust_(trust), registry_(registry), counts_(counts) {}

  // The caller of a call that was let in, judged anew: a certificate may be revoked, or end, while a call is held.
  absl::StatusOr<access::Caller> CallerOf(const grpc::ServerContextBase& context) const;
  // For the audit log.
  access::Actor ActorOf(const grpc::ServerContextBase& context) const;
  // Writes the entry of a change by `actor`.
  dispatch::Witness Auditor(const access::Actor& actor, const std::string& action) const {
    return registry_.Auditor(actor, action);
  }
  // Whether the caller may also call `method` (as on the wire) for what somebody else asked for.
  absl::Status CheckRightOnOthers(const grpc::ServerContextBase& context, absl::string_view method) const;
  // Judges the caller again whenever it is called, also after the call has ended.
  std::function<absl::Status()> Recheck(const grpc::ServerContextBase& context) const;
  // PERMISSION_DENIED, with an audit entry, unless the caller is the agent of `board` (`boards/{board}`).
  absl::Status CheckSpeaksFor(const grpc::ServerContextBase& context, const std::string& action,
                              const std::string& board) const;

  // What gRPC asks; refers to this gate.
  std::shared_ptr<grpc::AuthMetadataProcessor> Processor();

 private:
  class Adapter;
  absl::Status Admit(absl::string_view method, const grpc::AuthContext& context) const;

  access::Trust& trust_;
  access::Registry& registry_;
  RequestCounts& counts_;
};

}  // namespace crosscall::api

#endif  // CONTROLLER_API_GATE_H_
