// ResultService: reads of the store.
#ifndef CONTROLLER_API_RESULT_SERVICE_H_
#define CONTROLLER_API_RESULT_SERVICE_H_

#include "controller/store/store.h"
#include "crosscall/v1/result_service.grpc.pb.h"

namespace crosscall::api {

// Thread-safe; gRPC calls it on its own threads. Codes: those of result_service.proto.
class ResultService final : public v1::ResultService::CallbackService {
 public:
  // `store` must outlive the service.
  explicit ResultService(const store::Store& store) : store_(store) {}

 private:
  grpc::ServerUnaryReactor* ListResults(grpc::CallbackServerContext* context, const v1::ListResultsRequest* request,
                                        v1::ListResultsResponse* response) override;
  grpc::ServerUnaryReactor* GetResult(grpc::CallbackServerContext* context, const v1::GetResultRequest* request,
                                      v1::GetResultResponse* response) override;
  grpc::ServerUnaryReactor* ListHangs(grpc::CallbackServerContext* context, const v1::ListHangsRequest* request,
                                      v1::ListHangsResponse* response) override;

  const store::Store& store_;
};

}  // namespace crosscall::api

#endif  // CONTROLLER_API_RESULT_SERVICE_H_
