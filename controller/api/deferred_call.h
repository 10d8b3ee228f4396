// A unary call that another thread answers, perhaps long after its client has gone.
//
// Ownership is shared: gRPC holds the call until OnDone, the dispatcher until it drops the callback. Whoever comes
// first of answer and cancellation finishes the call, and only he touches gRPC's response and context, which die at
// OnDone; everybody later finds the call answered and leaves it alone.
#ifndef CONTROLLER_API_DEFERRED_CALL_H_
#define CONTROLLER_API_DEFERRED_CALL_H_

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/api/status.h"
#include "controller/api/withdrawal.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"

namespace crosscall::api {

template <class Response>
class DeferredCall final : public grpc::ServerUnaryReactor,
                           public std::enable_shared_from_this<DeferredCall<Response>> {
 public:
  using Done = std::function<void(absl::StatusOr<Response>)>;
  // Asks for the answer; it may be given on any thread, before this returns too. The result is what `withdraw` takes.
  using Ask = std::function<Withdrawal::Ticket(Done)>;
  using Withdraw = std::function<void(Withdrawal::Ticket)>;

  // For calls that are answered soon: the work goes on when the client has gone.
  static grpc::ServerUnaryReactor* Begin(grpc::CallbackServerContext* context, Response* response,
                                         const std::function<void(Done)>& ask) {
    const std::shared_ptr<DeferredCall> call = Make(context, response, [](Withdrawal::Ticket) {});
    ask(call->AnswerFunction());
    return call.get();
  }

  // For calls that may be held: `withdraw` runs when the client has gone.
  static grpc::ServerUnaryReactor* BeginHeld(grpc::CallbackServerContext* context, Response* response, const Ask& ask,
                                             Withdraw withdraw) {
    const std::shared_ptr<DeferredCall> call = Make(context, response, std::move(withdraw));
    call->withdrawal_.Assign(ask(call->AnswerFunction()));
    return call.get();
  }

 private:
  DeferredCall(grpc::CallbackServerContext* context, Response* response, Withdraw withdraw)
      : context_(context), response_(response), withdrawal_(std::move(withdraw)) {}

  static std::shared_ptr<DeferredCall> Make(grpc::CallbackServerContext* context, Response* response,
                                            Withdraw withdraw) {
    std::shared_ptr<DeferredCall> call(new DeferredCall(context, response, std::move(withdraw)));
    call->until_done_ = call;
    return call;
  }

  Done AnswerFunction() {
    return [call = this->shared_from_this()](absl::StatusOr<Response> answer) { call->Answer(std::move(answer)); };
  }

  void Answer(absl::StatusOr<Response> answer) {
    // Acquire and release: who comes second must not see the call half answered.
    if (answered_.exchange(true, std::memory_order_acq_rel)) return;
    if (answer.ok()) *response_ = *std::move(answer);
    Finish(api::Answer(answer.status(), *context_));
  }

  // gRPC calls OnDone only after this has returned.
  void OnCancel() override {
    withdrawal_.Withdraw();
    Answer(absl::CancelledError("the client cancelled the call or went away"));
  }

  void OnDone() override {
    // The last act: what remains of the call are the dispatcher's references.
    const std::shared_ptr<DeferredCall> last = std::move(until_done_);
  }

  grpc::CallbackServerContext* const context_;
  Response* const response_;
  Withdrawal withdrawal_;
  std::atomic<bool> answered_{false};
  std::shared_ptr<DeferredCall> until_done_;
};

}  // namespace crosscall::api

#endif  // CONTROLLER_API_DEFERRED_CALL_H_
