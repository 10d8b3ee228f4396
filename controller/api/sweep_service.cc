#include "controller/api/sweep_service.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/api/deferred_call.h"
#include "controller/api/immediate_call.h"
#include "controller/api/page.h"
#include "controller/api/requester.h"
#include "controller/api/watch_call.h"
#include "proto/shared/resource_name.h"
#include "proto/shared/sanitize.h"
#include "proto/shared/validate.h"

namespace crosscall::api {
namespace {

constexpr std::size_t kMaxReasonBytes = 1024;

absl::Status CheckSweepName(absl::string_view name) { return shared::SweepIdOf(name).status(); }

}  // namespace

grpc::ServerUnaryReactor* SweepService::CreateSweep(grpc::CallbackServerContext* context,
                                                    const v1::CreateSweepRequest* request,
                                                    v1::CreateSweepResponse* response) {
  if (absl::Status status = shared::Validate(*request); !status.ok()) return FinishNow(context, status);
  return DeferredCall<v1::CreateSweepResponse>::Begin(
      context, response, [&](const dispatch::Done<v1::CreateSweepResponse>& done) {
        dispatcher_.CreateSweep(*request, RequesterOf(gate_, *context, "SweepService/CreateSweep"), done);
      });
}

grpc::ServerUnaryReactor* SweepService::GetSweep(grpc::CallbackServerContext* context,
                                                 const v1::GetSweepRequest* request, v1::GetSweepResponse* response) {
  if (absl::Status status = CheckSweepName(request->name()); !status.ok()) return FinishNow(context, status);
  absl::StatusOr<v1::Sweep> sweep = store_.GetSweep(request->name());
  if (!sweep.ok()) return FinishNow(context, sweep.status());
  *response->mutable_sweep() = *std::move(sweep);
  return FinishNow(context, absl::OkStatus());
}

grpc::ServerUnaryReactor* SweepService::ListSweeps(grpc::CallbackServerContext* context,
                                                   const v1::ListSweepsRequest* request,
                                                   v1::ListSweepsResponse* response) {
  return FinishNow(
      context, response,
      ReadFittingPage(
          *request, kMaxPageBytes, [this](const v1::ListSweepsRequest& page) { return store_.ListSweeps(page); },
          [](const v1::ListSweepsResponse& page) { return page.sweeps_size(); }));
}

grpc::ServerUnaryReactor* SweepService::CancelSweep(grpc::CallbackServerContext* context,
                                                    const v1::CancelSweepRequest* request,
                                                    v1::CancelSweepResponse* response) {
  if (absl::Status status = CheckSweepName(request->name()); !status.ok()) return FinishNow(context, status);
  if (request->reason().size() > kMaxReasonBytes) {
    return FinishNow(context, absl::InvalidArgumentError(absl::StrCat("reason (bytes): ", request->reason().size(),
                                                                      "; allowed: at most ", kMaxReasonBytes)));
  }
  v1::CancelSweepRequest cleaned = *request;
  cleaned.set_reason(shared::CleanText(request->reason(), kMaxReasonBytes));
  return DeferredCall<v1::CancelSweepResponse>::Begin(
      context, response, [&](const dispatch::Done<v1::CancelSweepResponse>& done) {
        dispatcher_.CancelSweep(std::move(cleaned), RequesterOf(gate_, *context, "SweepService/CancelSweep"), done);
      });
}

// A name of another form is NOT_FOUND or INVALID_ARGUMENT by the dispatcher, since a stream has no immediate answer.
grpc::ServerWriteReactor<v1::WatchSweepResponse>* SweepService::WatchSweep(grpc::CallbackServerContext* context,
                                                                           const v1::WatchSweepRequest* request) {
  WatchCall::Allowed allowed = [] { return absl::OkStatus(); };
  if (gate_ != nullptr) allowed = gate_->Recheck(*context);
  return WatchCall::Begin(context, request->name(), dispatcher_, std::move(allowed));
}

grpc::ServerUnaryReactor* SweepService::ExplainSweep(grpc::CallbackServerContext* context,
                                                     const v1::ExplainSweepRequest* request,
                                                     v1::ExplainSweepResponse* response) {
  return DeferredCall<v1::ExplainSweepResponse>::Begin(
      context, response,
      [&](const dispatch::Done<v1::ExplainSweepResponse>& done) { dispatcher_.ExplainSweep(*request, done); });
}

grpc::ServerUnaryReactor* SweepService::ListTrials(grpc::CallbackServerContext* context,
                                                   const v1::ListTrialsRequest* request,
                                                   v1::ListTrialsResponse* response) {
  if (absl::Status status = CheckSweepName(request->parent()); !status.ok()) return FinishNow(context, status);
  return FinishNow(
      context, response,
      ReadFittingPage(
          *request, kMaxPageBytes, [this](const v1::ListTrialsRequest& page) { return store_.ListTrials(page); },
          [](const v1::ListTrialsResponse& page) { return page.trials_size(); }));
}

grpc::ServerUnaryReactor* SweepService::GetTrial(grpc::CallbackServerContext* context,
                                                 const v1::GetTrialRequest* request, v1::GetTrialResponse* response) {
  return FinishNow(context, response, store_.GetTrial(request->name()));
}

}  // namespace crosscall::api
