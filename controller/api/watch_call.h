// One client that follows one sweep.
#ifndef CONTROLLER_API_WATCH_CALL_H_
#define CONTROLLER_API_WATCH_CALL_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/api/withdrawal.h"
#include "controller/dispatch/dispatcher.h"
#include "crosscall/v1/sweep_service.pb.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "proto/shared/mutex.h"

namespace crosscall::api {

// At most one write is outstanding and at most one state waits behind it: a slow client skips states, but gets the last
// one. Ownership is shared as in DeferredCall: by gRPC until OnDone, by the dispatcher until it drops the callback.
class WatchCall final : public grpc::ServerWriteReactor<v1::WatchSweepResponse>,
                        public std::enable_shared_from_this<WatchCall> {
 public:
  // Asked before each state: an error ends the call.
  using Allowed = std::function<absl::Status()>;

  // `dispatcher` must outlive the call.
  static grpc::ServerWriteReactor<v1::WatchSweepResponse>* Begin(grpc::CallbackServerContext* context,
                                                                 const std::string& sweep,
                                                                 dispatch::Dispatcher& dispatcher, Allowed allowed);

 private:
  WatchCall(grpc::CallbackServerContext* context, dispatch::Dispatcher& dispatcher, Allowed allowed);

  void OnUpdate(absl::StatusOr<v1::Sweep> sweep, bool last) CROSSCALL_EXCLUDES(mutex_);
  void OnWriteDone(bool ok) override CROSSCALL_EXCLUDES(mutex_);
  void OnCancel() override CROSSCALL_EXCLUDES(mutex_);
  void OnDone() override;

  // Nobody reads any more: drops what waits and ends.
  void Abandon() CROSSCALL_EXCLUDES(mutex_);
  // Starts the next write, or finishes; at most one of them runs at any time, and nothing follows the finish. Called
  // without the mutex, since gRPC may run callbacks from within.
  void Proceed() CROSSCALL_EXCLUDES(mutex_);

  grpc::CallbackServerContext* const context_;
  const Allowed allowed_;
  Withdrawal withdrawal_;
  std::shared_ptr<WatchCall> until_done_;

  shared::Mutex mutex_;
  std::optional<v1::Sweep> waiting_ CROSSCALL_GUARDED_BY(mutex_);
  std::optional<absl::Status> end_ CROSSCALL_GUARDED_BY(mutex_);
  bool writing_ CROSSCALL_GUARDED_BY(mutex_) = false;
  bool finished_ CROSSCALL_GUARDED_BY(mutex_) = false;
  // What gRPC reads while `writing_`.
  v1::WatchSweepResponse message_;
};

}  // namespace crosscall::api

#endif  // CONTROLLER_API_WATCH_CALL_H_
