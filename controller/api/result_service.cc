#include "controller/api/result_service.h"

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "controller/api/immediate_call.h"
#include "controller/api/page.h"
#include "proto/shared/resource_name.h"

namespace crosscall::api {
namespace {

// Empty means all sweeps.
absl::Status CheckParent(absl::string_view parent) {
  return parent.empty() ? absl::OkStatus() : shared::SweepIdOf(parent).status();
}

}  // namespace

grpc::ServerUnaryReactor* ResultService::ListResults(grpc::CallbackServerContext* context,
                                                     const v1::ListResultsRequest* request,
                                                     v1::ListResultsResponse* response) {
  if (absl::Status status = CheckParent(request->parent()); !status.ok()) return FinishNow(context, status);
  return FinishNow(
      context, response,
      ReadFittingPage(
          *request, kMaxPageBytes, [this](const v1::ListResultsRequest& page) { return store_.ListResults(page); },
          [](const v1::ListResultsResponse& page) { return page.results_size(); }));
}

grpc::ServerUnaryReactor* ResultService::GetResult(grpc::CallbackServerContext* context,
                                                   const v1::GetResultRequest* request,
                                                   v1::GetResultResponse* response) {
  if (absl::Status status = shared::AttemptKeyOf(request->name()).status(); !status.ok()) {
    return FinishNow(context, status);
  }
  return FinishNow(context, response, store_.GetResult(request->name()));
}

grpc::ServerUnaryReactor* ResultService::ListHangs(grpc::CallbackServerContext* context,
                                                   const v1::ListHangsRequest* request,
                                                   v1::ListHangsResponse* response) {
  if (absl::Status status = CheckParent(request->parent()); !status.ok()) return FinishNow(context, status);
  return FinishNow(
      context, response,
      ReadFittingPage(
          *request, kMaxPageBytes, [this](const v1::ListHangsRequest& page) { return store_.ListHangs(page); },
          [](const v1::ListHangsResponse& page) { return page.hangs_size(); }));
}

}  // namespace crosscall::api
