// The agent's two calls to its controller, asynchronous, at most one of each in flight.
//
// Lifetimes, which gRPC is strict about: a call's context, request and answer live in one object that is freed on the
// owning thread only after gRPC has reported the call's end; a call is cancelled only before that report was handled.
// Retries are ours: gRPC's own are off.
//
// Thread safety: used by one thread, the mailbox's owner; `done` callbacks run there too.
#ifndef AGENT_SUPERVISOR_CONTROLLER_CLIENT_H_
#define AGENT_SUPERVISOR_CONTROLLER_CLIENT_H_

#include <grpcpp/security/credentials.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/supervisor/mailbox.h"
#include "crosscall/v1/board_service.grpc.pb.h"
#include "crosscall/v1/board_service.pb.h"

namespace crosscall::supervisor {

// How a call ended. `retry_after`: the delay the server asked for in its trailing metadata, zero if none.
struct CallEnd {
  absl::Status status;
  absl::Duration retry_after;
};

class ControllerClient {
 public:
  using SynchronizeDone = std::function<void(const CallEnd&, const v1::SynchronizeResponse&)>;
  using UploadDone = std::function<void(const CallEnd&, const v1::UploadResultResponse&)>;

  // Connects lazily to `address` (host:port). `mailbox` outlives the client.
  ControllerClient(const std::string& address, const std::shared_ptr<grpc::ChannelCredentials>& credentials,
                   Mailbox& mailbox);
  // Cancels what is in flight and waits for its end.
  ~ControllerClient();

  // From the next call on, over a connection of its own; calls in flight end on the former one.
  void UseCredentials(const std::shared_ptr<grpc::ChannelCredentials>& credentials);

  // Only while none is in flight.
  void Synchronize(const v1::SynchronizeRequest& request, absl::Duration limit, SynchronizeDone done);
  void Upload(v1::UploadResultRequest request, absl::Duration limit, UploadDone done);

  bool synchronizing() const { return synchronize_ != nullptr; }
  bool uploading() const { return upload_ != nullptr; }
  // Asks the call in flight, if any, to end now; its `done` still comes.
  void CancelSynchronize();

 private:
  template <class Request, class Response>
  struct Call;
  using SynchronizeCall = Call<v1::SynchronizeRequest, v1::SynchronizeResponse>;
  using UploadCall = Call<v1::UploadResultRequest, v1::UploadResultResponse>;

  const std::string address_;
  Mailbox& mailbox_;
  std::unique_ptr<v1::BoardService::Stub> stub_;
  std::unique_ptr<SynchronizeCall> synchronize_;
  std::unique_ptr<UploadCall> upload_;
};

}  // namespace crosscall::supervisor

#endif  // AGENT_SUPERVISOR_CONTROLLER_CLIENT_H_
