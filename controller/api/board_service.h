// BoardService over the dispatcher: what agents call, and what users may ask about boards.
#ifndef CONTROLLER_API_BOARD_SERVICE_H_
#define CONTROLLER_API_BOARD_SERVICE_H_

#include "controller/dispatch/dispatcher.h"
#include "crosscall/v1/board_service.grpc.pb.h"

namespace crosscall::api {

// Thread-safe; gRPC calls it on its own threads. Codes: those of board_service.proto.
class BoardService final : public v1::BoardService::CallbackService {
 public:
  // `dispatcher` must outlive the service.
  explicit BoardService(dispatch::Dispatcher& dispatcher) : dispatcher_(dispatcher) {}

 private:
  grpc::ServerUnaryReactor* Synchronize(grpc::CallbackServerContext* context, const v1::SynchronizeRequest* request,
                                        v1::SynchronizeResponse* response) override;
  grpc::ServerUnaryReactor* UploadResult(grpc::CallbackServerContext* context, const v1::UploadResultRequest* request,
                                         v1::UploadResultResponse* response) override;
  grpc::ServerUnaryReactor* ListBoards(grpc::CallbackServerContext* context, const v1::ListBoardsRequest* request,
                                       v1::ListBoardsResponse* response) override;
  grpc::ServerUnaryReactor* GetBoard(grpc::CallbackServerContext* context, const v1::GetBoardRequest* request,
                                     v1::GetBoardResponse* response) override;

  dispatch::Dispatcher& dispatcher_;
};

}  // namespace crosscall::api

#endif  // CONTROLLER_API_BOARD_SERVICE_H_
