// BoardService over the dispatcher: what agents call, and what users may ask about boards.
#ifndef CONTROLLER_API_BOARD_SERVICE_H_
#define CONTROLLER_API_BOARD_SERVICE_H_

#include <string>

#include "absl/status/status.h"
#include "controller/api/gate.h"
#include "controller/dispatch/dispatcher.h"
#include "controller/store/store.h"
#include "crosscall/v1/board_service.grpc.pb.h"

namespace crosscall::api {

// Thread-safe; gRPC calls it on its own threads. Codes: those of board_service.proto.
class BoardService final : public v1::BoardService::CallbackService {
 public:
  // `gate` null: everybody may speak for every board. All outlive the service.
  BoardService(dispatch::Dispatcher& dispatcher, const store::Store& store, const Gate* gate)
      : dispatcher_(dispatcher), store_(store), gate_(gate) {}

 private:
  grpc::ServerUnaryReactor* Synchronize(grpc::CallbackServerContext* context, const v1::SynchronizeRequest* request,
                                        v1::SynchronizeResponse* response) override;
  grpc::ServerUnaryReactor* UploadResult(grpc::CallbackServerContext* context, const v1::UploadResultRequest* request,
                                         v1::UploadResultResponse* response) override;
  grpc::ServerUnaryReactor* ListBoards(grpc::CallbackServerContext* context, const v1::ListBoardsRequest* request,
                                       v1::ListBoardsResponse* response) override;
  grpc::ServerUnaryReactor* GetBoard(grpc::CallbackServerContext* context, const v1::GetBoardRequest* request,
                                     v1::GetBoardResponse* response) override;
  grpc::ServerUnaryReactor* UpdateBoard(grpc::CallbackServerContext* context, const v1::UpdateBoardRequest* request,
                                        v1::UpdateBoardResponse* response) override;
  grpc::ServerUnaryReactor* DrainBoard(grpc::CallbackServerContext* context, const v1::DrainBoardRequest* request,
                                       v1::DrainBoardResponse* response) override;
  grpc::ServerUnaryReactor* QuarantineBoard(grpc::CallbackServerContext* context,
                                            const v1::QuarantineBoardRequest* request,
                                            v1::QuarantineBoardResponse* response) override;
  grpc::ServerUnaryReactor* ReleaseBoard(grpc::CallbackServerContext* context, const v1::ReleaseBoardRequest* request,
                                         v1::ReleaseBoardResponse* response) override;
  grpc::ServerUnaryReactor* RetireBoard(grpc::CallbackServerContext* context, const v1::RetireBoardRequest* request,
                                        v1::RetireBoardResponse* response) override;
  grpc::ServerUnaryReactor* SetBoardPower(grpc::CallbackServerContext* context, const v1::SetBoardPowerRequest* request,
                                          v1::SetBoardPowerResponse* response) override;
  grpc::ServerUnaryReactor* SwitchBoardPower(grpc::CallbackServerContext* context,
                                             const v1::SwitchBoardPowerRequest* request,
                                             v1::SwitchBoardPowerResponse* response) override;

  // Hands a checked order over and answers with the board.
  template <class Response>
  grpc::ServerUnaryReactor* Order(grpc::CallbackServerContext* context, const std::string& action,
                                  dispatch::BoardOrder order, Response* response);

  // Whether the caller may speak for `board` still.
  absl::Status CheckSpeaksFor(grpc::CallbackServerContext& context, const std::string& action,
                              const std::string& board) const;

  dispatch::Dispatcher& dispatcher_;
  const store::Store& store_;
  const Gate* const gate_;
};

}  // namespace crosscall::api

#endif  // CONTROLLER_API_BOARD_SERVICE_H_
