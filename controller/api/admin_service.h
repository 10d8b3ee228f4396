// AdminService over the registry and the store.
#ifndef CONTROLLER_API_ADMIN_SERVICE_H_
#define CONTROLLER_API_ADMIN_SERVICE_H_

#include "controller/access/registry.h"
#include "controller/api/gate.h"
#include "controller/store/store.h"
#include "crosscall/v1/admin_service.grpc.pb.h"

namespace crosscall::api {

// Thread-safe; gRPC calls it on its own threads. Codes: those of admin_service.proto.
class AdminService final : public v1::AdminService::CallbackService {
 public:
  // `gate` and `registry` both null: the controller runs without certificates. All outlive the service.
  AdminService(const Gate* gate, access::Registry* registry, const store::Store& store)
      : gate_(gate), registry_(registry), store_(store) {}

 private:
  grpc::ServerUnaryReactor* CreateJoinToken(grpc::CallbackServerContext* context,
                                            const v1::CreateJoinTokenRequest* request,
                                            v1::CreateJoinTokenResponse* response) override;
  grpc::ServerUnaryReactor* ListCertificates(grpc::CallbackServerContext* context,
                                             const v1::ListCertificatesRequest* request,
                                             v1::ListCertificatesResponse* response) override;
  grpc::ServerUnaryReactor* RevokeCertificates(grpc::CallbackServerContext* context,
                                               const v1::RevokeCertificatesRequest* request,
                                               v1::RevokeCertificatesResponse* response) override;
  grpc::ServerUnaryReactor* ListAuditEntries(grpc::CallbackServerContext* context,
                                             const v1::ListAuditEntriesRequest* request,
                                             v1::ListAuditEntriesResponse* response) override;

  const Gate* const gate_;
  access::Registry* const registry_;
  const store::Store& store_;
};

}  // namespace crosscall::api

#endif  // CONTROLLER_API_ADMIN_SERVICE_H_
