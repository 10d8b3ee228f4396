// A unary call that its handler answers at once.
#ifndef CONTROLLER_API_IMMEDIATE_CALL_H_
#define CONTROLLER_API_IMMEDIATE_CALL_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/api/status.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"

namespace crosscall::api {

inline grpc::ServerUnaryReactor* FinishNow(grpc::CallbackServerContext* context, const absl::Status& status) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  reactor->Finish(Answer(status, *context));
  return reactor;
}

template <class Response>
grpc::ServerUnaryReactor* FinishNow(grpc::CallbackServerContext* context, Response* response,
                                    absl::StatusOr<Response> answer) {
  if (answer.ok()) *response = *std::move(answer);
  return FinishNow(context, answer.status());
}

}  // namespace crosscall::api

#endif  // CONTROLLER_API_IMMEDIATE_CALL_H_
