#include "controller/api/schedule_service.h"

#include <utility>

#include "controller/api/deferred_call.h"
#include "controller/api/immediate_call.h"
#include "controller/api/page.h"
#include "controller/api/requester.h"
#include "proto/shared/sanitize.h"
#include "proto/shared/validate.h"

namespace crosscall::api {
namespace {

constexpr std::size_t kMaxReasonBytes = 1024;

// A call that the dispatcher answers, one of its functions; it checks the request.
template <class Request, class Response>
grpc::ServerUnaryReactor* Ask(grpc::CallbackServerContext* context, dispatch::Dispatcher& dispatcher,
                              void (dispatch::Dispatcher::*act)(Request, dispatch::Requester,
                                                                const dispatch::Done<Response>&),
                              Request request, dispatch::Requester by, Response* response) {
  return DeferredCall<Response>::Begin(context, response, [&](const dispatch::Done<Response>& done) {
    (dispatcher.*act)(std::move(request), std::move(by), done);
  });
}

}  // namespace

void ScheduleService::SayOverdue(v1::Schedule& schedule) const {
  schedule.set_overdue_reason(dispatcher_.WhyOverdue(schedule.name()).value_or(""));
}

grpc::ServerUnaryReactor* ScheduleService::CreateSchedule(grpc::CallbackServerContext* context,
                                                          const v1::CreateScheduleRequest* request,
                                                          v1::CreateScheduleResponse* response) {
  return Ask(context, dispatcher_, &dispatch::Dispatcher::CreateSchedule, *request,
             RequesterOf(gate_, *context, "ScheduleService/CreateSchedule"), response);
}

grpc::ServerUnaryReactor* ScheduleService::GetSchedule(grpc::CallbackServerContext* context,
                                                       const v1::GetScheduleRequest* request,
                                                       v1::GetScheduleResponse* response) {
  absl::StatusOr<v1::Schedule> schedule = store_.GetSchedule(request->name());
  if (!schedule.ok()) return FinishNow(context, schedule.status());
  *response->mutable_schedule() = *std::move(schedule);
  SayOverdue(*response->mutable_schedule());
  return FinishNow(context, absl::OkStatus());
}

grpc::ServerUnaryReactor* ScheduleService::ListSchedules(grpc::CallbackServerContext* context,
                                                         const v1::ListSchedulesRequest* request,
                                                         v1::ListSchedulesResponse* response) {
  return FinishNow(context, response,
                   ReadFittingPage(
                       *request, kMaxPageBytes,
                       [this](const v1::ListSchedulesRequest& page) {
                         absl::StatusOr<v1::ListSchedulesResponse> read = store_.ListSchedules(page);
                         if (!read.ok()) return read;
                         for (v1::Schedule& schedule : *read->mutable_schedules()) SayOverdue(schedule);
                         return read;
                       },
                       [](const v1::ListSchedulesResponse& page) { return page.schedules_size(); }));
}

grpc::ServerUnaryReactor* ScheduleService::PauseSchedule(grpc::CallbackServerContext* context,
                                                         const v1::PauseScheduleRequest* request,
                                                         v1::PauseScheduleResponse* response) {
  if (absl::Status status = shared::Validate(*request); !status.ok()) return FinishNow(context, status);
  v1::PauseScheduleRequest cleaned = *request;
  cleaned.set_reason(shared::CleanText(request->reason(), kMaxReasonBytes));
  return Ask(context, dispatcher_, &dispatch::Dispatcher::PauseSchedule, std::move(cleaned),
             RequesterOf(gate_, *context, "ScheduleService/PauseSchedule"), response);
}

grpc::ServerUnaryReactor* ScheduleService::ResumeSchedule(grpc::CallbackServerContext* context,
                                                          const v1::ResumeScheduleRequest* request,
                                                          v1::ResumeScheduleResponse* response) {
  return Ask(context, dispatcher_, &dispatch::Dispatcher::ResumeSchedule, *request,
             RequesterOf(gate_, *context, "ScheduleService/ResumeSchedule"), response);
}

grpc::ServerUnaryReactor* ScheduleService::RunSchedule(grpc::CallbackServerContext* context,
                                                       const v1::RunScheduleRequest* request,
                                                       v1::RunScheduleResponse* response) {
  return Ask(context, dispatcher_, &dispatch::Dispatcher::RunSchedule, *request,
             RequesterOf(gate_, *context, "ScheduleService/RunSchedule"), response);
}

grpc::ServerUnaryReactor* ScheduleService::DeleteSchedule(grpc::CallbackServerContext* context,
                                                          const v1::DeleteScheduleRequest* request,
                                                          v1::DeleteScheduleResponse* response) {
  return Ask(context, dispatcher_, &dispatch::Dispatcher::DeleteSchedule, *request,
             RequesterOf(gate_, *context, "ScheduleService/DeleteSchedule"), response);
}

grpc::ServerUnaryReactor* ScheduleService::ListFirings(grpc::CallbackServerContext* context,
                                                       const v1::ListFiringsRequest* request,
                                                       v1::ListFiringsResponse* response) {
  return FinishNow(
      context, response,
      ReadFittingPage(
          *request, kMaxPageBytes, [this](const v1::ListFiringsRequest& page) { return store_.ListFirings(page); },
          [](const v1::ListFiringsResponse& page) { return page.firings_size(); }));
}

}  // namespace crosscall::api
