// ScheduleService: writes go to the dispatcher, reads to the store.
#ifndef CONTROLLER_API_SCHEDULE_SERVICE_H_
#define CONTROLLER_API_SCHEDULE_SERVICE_H_

#include "controller/api/gate.h"
#include "controller/dispatch/dispatcher.h"
#include "controller/store/store.h"
#include "crosscall/v1/schedule_service.grpc.pb.h"

namespace crosscall::api {

// Thread-safe; gRPC calls it on its own threads. Codes: those of schedule_service.proto.
class ScheduleService final : public v1::ScheduleService::CallbackService {
 public:
  // `gate` null: the controller runs without certificates. All outlive the service.
  ScheduleService(dispatch::Dispatcher& dispatcher, const store::Store& store, const Gate* gate)
      : dispatcher_(dispatcher), store_(store), gate_(gate) {}

 private:
  grpc::ServerUnaryReactor* CreateSchedule(grpc::CallbackServerContext* context,
                                           const v1::CreateScheduleRequest* request,
                                           v1::CreateScheduleResponse* response) override;
  grpc::ServerUnaryReactor* GetSchedule(grpc::CallbackServerContext* context, const v1::GetScheduleRequest* request,
                                        v1::GetScheduleResponse* response) override;
  grpc::ServerUnaryReactor* ListSchedules(grpc::CallbackServerContext* context, const v1::ListSchedulesRequest* request,
                                          v1::ListSchedulesResponse* response) override;
  grpc::ServerUnaryReactor* PauseSchedule(grpc::CallbackServerContext* context, const v1::PauseScheduleRequest* request,
                                          v1::PauseScheduleResponse* response) override;
  grpc::ServerUnaryReactor* ResumeSchedule(grpc::CallbackServerContext* context,
                                           const v1::ResumeScheduleRequest* request,
                                           v1::ResumeScheduleResponse* response) override;
  grpc::ServerUnaryReactor* RunSchedule(grpc::CallbackServerContext* context, const v1::RunScheduleRequest* request,
                                        v1::RunScheduleResponse* response) override;
  grpc::ServerUnaryReactor* DeleteSchedule(grpc::CallbackServerContext* context,
                                           const v1::DeleteScheduleRequest* request,
                                           v1::DeleteScheduleResponse* response) override;
  grpc::ServerUnaryReactor* ListFirings(grpc::CallbackServerContext* context, const v1::ListFiringsRequest* request,
                                        v1::ListFiringsResponse* response) override;

  // The store does not know: it is time that says it.
  void SayOverdue(v1::Schedule& schedule) const;

  dispatch::Dispatcher& dispatcher_;
  const store::Store& store_;
  const Gate* const gate_;
};

}  // namespace crosscall::api

#endif  // CONTROLLER_API_SCHEDULE_SERVICE_H_
