// SweepService: writes and watches go to the dispatcher, reads to the store.
#ifndef CONTROLLER_API_SWEEP_SERVICE_H_
#define CONTROLLER_API_SWEEP_SERVICE_H_

#include "controller/api/gate.h"
#include "controller/dispatch/dispatcher.h"
#include "controller/store/store.h"
#include "crosscall/v1/sweep_service.grpc.pb.h"

namespace crosscall::api {

// Thread-safe; gRPC calls it on its own threads. Codes: those of sweep_service.proto.
class SweepService final : public v1::SweepService::CallbackService {
 public:
  // `gate` null: the controller runs without certificates. All outlive the service.
  SweepService(dispatch::Dispatcher& dispatcher, const store::Store& store, const Gate* gate)
      : dispatcher_(dispatcher), store_(store), gate_(gate) {}

 private:
  grpc::ServerUnaryReactor* CreateSweep(grpc::CallbackServerContext* context, const v1::CreateSweepRequest* request,
                                        v1::CreateSweepResponse* response) override;
  grpc::ServerUnaryReactor* GetSweep(grpc::CallbackServerContext* context, const v1::GetSweepRequest* request,
                                     v1::GetSweepResponse* response) override;
  grpc::ServerUnaryReactor* ListSweeps(grpc::CallbackServerContext* context, const v1::ListSweepsRequest* request,
                                       v1::ListSweepsResponse* response) override;
  grpc::ServerUnaryReactor* CancelSweep(grpc::CallbackServerContext* context, const v1::CancelSweepRequest* request,
                                        v1::CancelSweepResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchSweepResponse>* WatchSweep(grpc::CallbackServerContext* context,
                                                               const v1::WatchSweepRequest* request) override;
  grpc::ServerUnaryReactor* ExplainSweep(grpc::CallbackServerContext* context, const v1::ExplainSweepRequest* request,
                                         v1::ExplainSweepResponse* response) override;
  grpc::ServerUnaryReactor* ListTrials(grpc::CallbackServerContext* context, const v1::ListTrialsRequest* request,
                                       v1::ListTrialsResponse* response) override;
  grpc::ServerUnaryReactor* GetTrial(grpc::CallbackServerContext* context, const v1::GetTrialRequest* request,
                                     v1::GetTrialResponse* response) override;

  dispatch::Dispatcher& dispatcher_;
  const store::Store& store_;
  const Gate* const gate_;
};

}  // namespace crosscall::api

#endif  // CONTROLLER_API_SWEEP_SERVICE_H_
