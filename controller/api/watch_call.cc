#include "controller/api/watch_call.h"

#include <utility>

#include "controller/api/status.h"

namespace crosscall::api {

WatchCall::WatchCall(grpc::CallbackServerContext* context, dispatch::Dispatcher& dispatcher, Allowed allowed)
    : context_(context),
      allowed_(std::move(allowed)),
      withdrawal_([&dispatcher](Withdrawal::Ticket watch) { dispatcher.Unwatch(watch); }) {}

grpc::ServerWriteReactor<v1::WatchSweepResponse>* WatchCall::Begin(grpc::CallbackServerContext* context,
                                                                   const std::string& sweep,
                                                                   dispatch::Dispatcher& dispatcher, Allowed allowed) {
  const std::shared_ptr<WatchCall> call(new WatchCall(context, dispatcher, std::move(allowed)));
  call->until_done_ = call;
  call->withdrawal_.Assign(dispatcher.WatchSweep(
      sweep, [call](absl::StatusOr<v1::Sweep> state, bool last) { call->OnUpdate(std::move(state), last); }));
  return call.get();
}

void WatchCall::OnUpdate(absl::StatusOr<v1::Sweep> sweep, bool last) {
  if (absl::Status status = allowed_(); !status.ok() && sweep.ok()) {
    sweep = status;
    withdrawal_.Withdraw();
  }
  {
    const shared::MutexLock lock(mutex_);
    if (end_) return;
    if (!sweep.ok()) {
      end_ = sweep.status();
    } else {
      waiting_ = *std::move(sweep);
      if (last) end_ = absl::OkStatus();
    }
  }
  Proceed();
}

void WatchCall::Abandon() {
  withdrawal_.Withdraw();
  {
    const shared::MutexLock lock(mutex_);
    waiting_.reset();
    if (!end_) end_ = absl::CancelledError("the client cancelled the watch or went away");
  }
  Proceed();
}

void WatchCall::OnWriteDone(bool ok) {
  {
    const shared::MutexLock lock(mutex_);
    writing_ = false;
  }
  if (ok) {
    Proceed();
  } else {
    Abandon();
  }
}

void WatchCall::OnCancel() { Abandon(); }

void WatchCall::Proceed() {
  std::optional<absl::Status> finish;
  {
    const shared::MutexLock lock(mutex_);
    if (writing_ || finished_) return;
    if (waiting_) {
      *message_.mutable_sweep() = *std::move(waiting_);
      waiting_.reset();
      writing_ = true;
    } else if (end_) {
      finish = end_;
      finished_ = true;
    } else {
      return;
    }
  }
  // Only this thread got here: `writing_` and `finished_` keep the others out until gRPC calls back.
  if (finish) {
    Finish(Answer(*finish, *context_));
  } else {
    StartWrite(&message_);
  }
}

void WatchCall::OnDone() {
  // The last act: what remains of the call are the dispatcher's references.
  const std::shared_ptr<WatchCall> last = std::move(until_done_);
}

}  // namespace crosscall::api
