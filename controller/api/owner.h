// Who asks, for sharing boards fairly: the name in the certificate of the connection, never a field of the request.
#ifndef CONTROLLER_API_OWNER_H_
#define CONTROLLER_API_OWNER_H_

#include <string>

#include "grpcpp/security/auth_context.h"
#include "grpcpp/server_context.h"
#include "proto/shared/sanitize.h"

namespace crosscall::api {

// Empty on a connection without a client certificate.
inline std::string OwnerOf(const grpc::ServerContextBase& context) {
  const auto peer = context.auth_context();
  if (peer == nullptr || !peer->IsPeerAuthenticated()) return "";
  const auto names = peer->GetPeerIdentity();
  if (names.empty()) return "";
  return shared::CleanText(std::string(names[0].data(), names[0].size()), shared::kLabelBytes);
}

}  // namespace crosscall::api

#endif  // CONTROLLER_API_OWNER_H_
