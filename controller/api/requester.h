// Who asks for a change, for the dispatcher: his name and rights, from his certificate and never from the request, and
// the audit entry that is written with what he changes.
#ifndef CONTROLLER_API_REQUESTER_H_
#define CONTROLLER_API_REQUESTER_H_

#include <string>

#include "controller/api/gate.h"
#include "controller/dispatch/done.h"
#include "grpcpp/server_context.h"

namespace crosscall::api {

// `gate` null: a controller without certificates, which knows nobody and keeps no audit log. `action` as in that log:
// `SweepService/CreateSweep`.
dispatch::Requester RequesterOf(const Gate* gate, const grpc::ServerContextBase& context, const std::string& action);

}  // namespace crosscall::api

#endif  // CONTROLLER_API_REQUESTER_H_
