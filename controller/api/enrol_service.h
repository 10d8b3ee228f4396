// EnrolService over the registry.
#ifndef CONTROLLER_API_ENROL_SERVICE_H_
#define CONTROLLER_API_ENROL_SERVICE_H_

#include "controller/access/registry.h"
#include "controller/api/gate.h"
#include "crosscall/v1/enrol_service.grpc.pb.h"

namespace crosscall::api {

// Thread-safe; gRPC calls it on its own threads. Codes: those of enrol_service.proto.
class EnrolService final : public v1::EnrolService::CallbackService {
 public:
  // Both null: the controller runs without certificates. Else they outlive the service.
  EnrolService(const Gate* gate, access::Registry* registry) : gate_(gate), registry_(registry) {}

 private:
  grpc::ServerUnaryReactor* Enrol(grpc::CallbackServerContext* context, const v1::EnrolRequest* request,
                                  v1::EnrolResponse* response) override;
  grpc::ServerUnaryReactor* Renew(grpc::CallbackServerContext* context, const v1::RenewRequest* request,
                                  v1::RenewResponse* response) override;

  const Gate* const gate_;
  access::Registry* const registry_;
};

}  // namespace crosscall::api

#endif  // CONTROLLER_API_ENROL_SERVICE_H_
